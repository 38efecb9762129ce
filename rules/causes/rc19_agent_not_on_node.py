"""RC19: the agent exists and its configuration is right, but no Ready pod of it is on this node."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.report.model import Next
from rules.words import _
from rules.world import AgentState


def check(case: Case) -> Finding | None:
    found, key, node, agent = intent.mounted(case), intent.key(case), case.node, case.world.agent
    if agent.state is not AgentState.PRESENT or node is None or case.world.pods is None:
        return None
    if node.name in agent.pods and node.name not in agent.not_ready:
        return None
    if found is None or key not in found.data or not intent.applies(case) or not intent.in_vain(case):
        return None
    if not intent.read(case, found, key).means(case):
        return None
    words = ("kubectl", "get", "pods", "--namespace", intent.NAMESPACE, "--selector", "k8s-app=ip-masq-agent")
    here = _("is there and not Ready") if node.name in agent.not_ready else _("is not there")
    others = sorted(set(agent.pods) - agent.not_ready)
    return Finding(
        status=intent.weight(case),
        blocks=intent.blocks(case),
        sentence=_(
            "The ip-masq-agent runs on {count} of {nodes} nodes; on {node} its pod {here}, so {node} keeps the rules "
            "it booted with."
        ).format(count=len(others), nodes=len(case.world.nodes), node=node.name, here=here),
        evidence=(
            _("ready pods of DaemonSet kube-system/ip-masq-agent: {nodes}").format(nodes=", ".join(others) or "-"),
            _("ConfigMap {where}, key {key}, would masquerade packets to {target}").format(
                where=f"{found.namespace}/{found.name}", key=key, target=case.dest
            ),
            *intent.facts(case),
        ),
        remedies=("deploy-agent", "exchange-routes"),
        decides=_("a Ready ip-masq-agent pod on node {node}").format(node=node.name),
        next=Next(
            _("See on which nodes the agent runs, and what keeps it from {node}.").format(node=node.name),
            shlex.join((*words, "--output", "wide")),
        ),
    )


CAUSE = Cause(
    "RC19",
    lambda: _("The ip-masq-agent does not run on this node"),
    check,
    rank=30,
    cells=cells("ok ok ok timeout ok", node="ok|timeout"),
    prior=Prior(4, 3, 3, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
