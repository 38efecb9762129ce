"""RC25: the cluster masquerades nothing by its own choice, so pods keep their address everywhere."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.report.model import Status
from rules.words import _
from rules.world import AgentState


def check(case: Case) -> Finding | None:
    cluster, masquerade = case.world.cluster, case.masquerade
    if cluster is None or not cluster.default_snat_disabled or case.world.agent.state is not AgentState.ABSENT:
        return None
    if masquerade is None or masquerade.reason != "DEFAULT_SNAT_DISABLED":
        return None
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "The cluster was made with --disable-default-snat and has no ip-masq-agent: pods keep their address "
            "towards every destination. Private peers see it as it is; the internet is out of reach without Cloud NAT."
        ),
        evidence=(
            _("cluster {name}: networkConfig.defaultSnatStatus.disabled = true").format(name=cluster.name),
            _("DaemonSet kube-system/ip-masq-agent does not exist"),
            masquerade.sentence,
        ),
        decides=_("an ip-masq-agent, whose list then decides"),
    )


CAUSE = Cause(
    "RC25",
    lambda: _("Nothing is masqueraded: default SNAT is disabled"),
    check,
    cells=cells("any any any any any"),
    prior=Prior(0, 2, 1, 0),
    connectivity_tests=("DEFAULT_SNAT_DISABLED",),
)
