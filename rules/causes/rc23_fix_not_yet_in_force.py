"""RC23: the ConfigMap is right and so young that kubelet and agent may not have taken it over yet."""

from __future__ import annotations

from rules.ages import seconds
from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior, cells, some
from rules.report.model import Status
from rules.words import _
from rules.world import AgentState

FRESH = 300.0  # seconds: a kubelet's minute, an agent's minute, and some patience


def check(case: Case) -> Finding | None:
    found, key, node, agent = intent.mounted(case), intent.key(case), case.node, case.world.agent
    if agent.state is not AgentState.PRESENT or node is None or found is None or key not in found.data:
        return None
    if node.name not in agent.pods or node.name in agent.not_ready or not intent.applies(case):
        return None
    age = seconds(found.changed, case.world.taken_at)
    if age is None or not 0 <= age < FRESH or not intent.read(case, found, key).means(case):
        return None
    seen = case.measured("pod-peer")
    if seen is None or not case.blocked or case.told:
        return None
    through = case.node_gets_through
    where = f"{found.namespace}/{found.name}"
    return Finding(
        status=Status.LATENT if not through else Status.CONFIRMED if case.wears_pod_address else Status.LIKELY,
        blocks=through,
        sentence=_(
            "ConfigMap {where} is right and {age:.0f} seconds old: the agent on {node} has not written its rules yet, "
            "or the connection is older than they are."
        ).format(where=where, age=age, node=node.name),
        evidence=some(
            _("ConfigMap {where}: changed {changed}; key {key} would masquerade packets to {target}").format(
                where=where, changed=found.changed, key=key, target=case.dest
            ),
            *intent.facts(case),
        ),
        decides=_("the same probe on a fresh connection, two minutes later"),
        next=intent.again(case),
    )


CAUSE = Cause(
    "RC23",
    lambda: _("The fix is too young to be in force"),
    check,
    rank=25,
    cells=cells("ok ok ok timeout ok", **{"try": "ok|timeout"}),
    prior=Prior(5, 3, 3, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
