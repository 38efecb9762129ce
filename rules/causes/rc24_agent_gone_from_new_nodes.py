"""RC24: the agent was removed; nodes from before still have its rules, this one has those of its boot."""

from __future__ import annotations

import shlex

from rules.ages import seconds
from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior, cells, some
from rules.masquerade import BOOT, OLD_BOOT, nat_table, older
from rules.nat import Fate
from rules.ranges import LINK_LOCAL, RFC1918
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _
from rules.world import AgentState, Node


def remembers(case: Case, node: Node) -> bool | None:
    """Whether an agent's rules on an older node still masquerade packets to the target; None where nothing tells."""
    table = nat_table(case.world, node.name)
    if table is not None:
        address = node.pod_ranges[0][2] if node.pod_ranges and node.pod_ranges[0].num_addresses > 2 else None
        booted = set(table.kept_ranges()) - {LINK_LOCAL} in (set(BOOT), set(OLD_BOOT), set(RFC1918))
        return not booted and address is not None and table.decide(address, case.dest).fate is Fate.MASQUERADE
    if older(node.version, 1, 14):
        return None
    return True if case.measured(f"pod-peer@{node.name}") is Outcome.OK else None


def check(case: Case) -> Finding | None:
    here = case.node
    if case.world.agent.state is not AgentState.ABSENT or case.world.agent.pods or here is None:
        return None
    if not intent.applies(case) or not intent.in_vain(case) or not case.blocked:
        return None
    elder = [
        node
        for node in case.world.nodes.values()
        if node.name != here.name and (seconds(node.created, here.created) or 0) > 0 and remembers(case, node)
    ]
    if not elder:
        return None
    old = elder[0]
    read = nat_table(case.world, old.name) is not None
    words = ("kubectl", "get", "daemonset", "ip-masq-agent", "--namespace", intent.NAMESPACE)
    return Finding(
        status=Status.CONFIRMED if read and intent.blocks(case) else Status.LIKELY,
        blocks=True,
        sentence=_(
            "There is no ip-masq-agent any more. {old} still has the rules that it wrote; {node} is younger and has "
            "those of its boot."
        ).format(old=old.name, node=here.name),
        evidence=some(
            _("DaemonSet {name} does not exist").format(name=f"{intent.NAMESPACE}/ip-masq-agent"),
            _("node {old} was made {then}, node {node} {now}").format(
                old=old.name, then=old.created, node=here.name, now=here.created
            ),
            _("the nat table of {old} masquerades packets to {target}").format(old=old.name, target=case.dest)
            if read
            else _("measured: pod-peer on {old} ok").format(old=old.name),
            *intent.facts(case),
        ),
        remedies=("deploy-agent", "exchange-routes"),
        decides=_("a Ready ip-masq-agent pod on {node}, or one nat table for all nodes").format(node=here.name),
        next=Next(_("Look whether the DaemonSet exists."), shlex.join(words)),
    )


CAUSE = Cause(
    "RC24",
    lambda: _("The agent is gone; old nodes still have its rules"),
    check,
    rank=28,
    cells=cells("ok ok ok timeout ok", node="ok|timeout"),
    prior=Prior(2, 2, 2, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
