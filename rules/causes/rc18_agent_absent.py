"""RC18: the ConfigMap is right, but there is no ip-masq-agent DaemonSet to read it."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior
from rules.report.model import Next
from rules.words import _
from rules.world import AgentState


def check(case: Case) -> Finding | None:
    found, key = intent.mounted(case), intent.key(case)
    if case.world.agent.state is not AgentState.ABSENT or case.world.agent.pods:
        return None
    if found is None or key not in found.data or not intent.applies(case) or not intent.in_vain(case):
        return None
    if not intent.read(case, found, key).means(case):
        return None
    where = f"{found.namespace}/{found.name}"
    words = ("kubectl", "get", "daemonset", "ip-masq-agent", "--namespace", intent.NAMESPACE)
    return Finding(
        status=intent.weight(case),
        blocks=intent.blocks(case),
        sentence=_("ConfigMap {where} is right, but no ip-masq-agent DaemonSet is there to read it.").format(
            where=where
        ),
        evidence=(
            _("DaemonSet {name} does not exist").format(name=f"{intent.NAMESPACE}/ip-masq-agent"),
            _("ConfigMap {where}, key {key}, would masquerade packets to {target}").format(
                where=where, key=key, target=case.dest
            ),
            *intent.facts(case),
        ),
        remedies=("deploy-agent", "exchange-routes"),
        decides=_("a Ready ip-masq-agent pod on node {node}").format(node=case.pod.node if case.pod else ""),
        next=Next(_("Look whether the DaemonSet exists."), shlex.join(words)),
    )


CAUSE = Cause(
    "RC18",
    lambda: _("No ip-masq-agent runs to read the ConfigMap"),
    check,
    rank=30,
    prior=Prior(4, 2, 2, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
