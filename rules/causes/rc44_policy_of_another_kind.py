"""RC44: a policy that NetworkPolicy objects do not show may hold the pod back."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    cluster = case.world.cluster
    if cluster is None or not case.unexplained or not case.node_gets_through or case.told:
        return None
    kinds = [
        (field, kind)
        for on, field, kind in (
            (cluster.fqdn_policies, "enableFqdnNetworkPolicy", "fqdnnetworkpolicies.networking.gke.io"),
            (
                cluster.cilium_policies,
                "enableCiliumClusterwideNetworkPolicy",
                "ciliumclusterwidenetworkpolicies.cilium.io",
            ),
        )
        if on
    ]
    if not kinds:
        return None
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_("A policy of a kind that is not read ({kinds}) may hold the pod back.").format(
            kinds=", ".join(kind for _field, kind in kinds)
        ),
        evidence=some(
            *(_("cluster {name}: {field} = true").format(name=cluster.name, field=field) for field, _kind in kinds),
            _("no NetworkPolicy holds the pod back, and the node is answered"),
            probes_say(case),
        ),
        decides=_("whether one of them selects the pod and lacks {target}").format(target=case.dest),
        next=Next(
            _("List the policies of those kinds."),
            "kubectl get --all-namespaces " + ",".join(kind for _field, kind in kinds),
        ),
    )


CAUSE = Cause(
    "RC44",
    lambda: _("A policy of another kind may hold the pod back"),
    check,
    cells=cells("any ok ok timeout any", namespace="ok"),
    rank=42,
    prior=Prior(1, 2, 1, 2),
    by_exclusion=True,
    connectivity_tests=("GKE_NETWORK_POLICY",),
)
