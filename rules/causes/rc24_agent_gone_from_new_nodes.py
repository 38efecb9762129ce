"""RC24: the agent was removed; nodes from before still have its rules, this one has those of its boot."""

from __future__ import annotations

import shlex
from ipaddress import IPv4Network

from rules import observations
from rules.ages import seconds
from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior, cells, some
from rules.masquerade import BOOT, OLD_BOOT, nat_table, older
from rules.nat import Fate
from rules.ranges import LINK_LOCAL, RFC1918
from rules.repeats import Repeat
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _
from rules.world import AgentState, Node

TEN = IPv4Network("10.0.0.0/8")


def remembers(case: Case, node: Node) -> bool | None:
    """Whether an agent's rules on an older node still masquerade packets to the target; None where nothing tells."""
    table = nat_table(case.world, node.name)
    if table is not None:
        address = node.pod_ranges[0][2] if node.pod_ranges and node.pod_ranges[0].num_addresses > 2 else None
        booted = set(table.kept_ranges()) - {LINK_LOCAL} in (set(BOOT), set(OLD_BOOT), set(RFC1918))
        return not booted and address is not None and table.decide(address, case.dest).fate is Fate.MASQUERADE
    seen = case.measured(str(Repeat("pod-peer", "node", node.name)))
    if seen is None or older(node.version, 1, 14):
        return None
    return seen is Outcome.OK


def removed(case: Case) -> str:
    """What shows that there was an agent once, as evidence; '' where nothing does."""
    cluster, found = case.world.cluster, intent.mounted(case)
    if found is not None:
        return _("ConfigMap {where} is there, which an agent reads").format(where=f"{found.namespace}/{found.name}")
    ranges = cluster.pod_ranges if cluster is not None else ()
    outside = next((each for each in ranges if not each.subnet_of(TEN)), None)
    if outside is None:
        return ""
    return _("pod range {range} lies outside {ten}: there GKE installs the agent by itself").format(
        range=outside, ten=TEN
    )


def check(case: Case) -> Finding | None:
    here = case.node
    if case.world.agent.state is not AgentState.ABSENT or case.world.agent.pods or here is None:
        return None
    if not intent.applies(case) or not intent.in_vain(case) or not case.blocked:
        return None
    elder = [
        (node, remembers(case, node))
        for node in case.world.nodes.values()
        if node.name != here.name and (seconds(node.created, here.created) or 0) > 0
    ]
    old = next((node for node, told in elder if told), None)
    if old is None:
        return _suspected(case, here, [node for node, told in elder if told is None])
    read = nat_table(case.world, old.name) is not None
    against = case.predicted(str(Repeat("pod-peer", "node", old.name))) == Outcome.TIMEOUT.value
    words = ("kubectl", "get", "daemonset", "ip-masq-agent", "--namespace", intent.NAMESPACE)
    return Finding(
        status=Status.CONFIRMED if (read or against) and intent.blocks(case) else Status.LIKELY,
        blocks=True,
        sentence=_(
            "There is no ip-masq-agent any more. {old} still has the rules that it wrote; {node} is younger and has "
            "those of its boot."
        ).format(old=old.name, node=here.name),
        evidence=some(
            _("DaemonSet {name} does not exist").format(name=f"{intent.NAMESPACE}/ip-masq-agent"),
            _ages(here, old),
            _("the nat table of {old} masquerades packets to {target}").format(old=old.name, target=case.dest)
            if read
            else _("measured: pod-peer on {old} ok").format(old=old.name),
            *intent.facts(case),
        ),
        remedies=("deploy-agent", "exchange-routes"),
        decides=_("a Ready ip-masq-agent pod on {node}, or one nat table for all nodes").format(node=here.name),
        next=Next(_("Look whether the DaemonSet exists."), shlex.join(words)),
    )


def _suspected(case: Case, here: Node, elder: list[Node]) -> Finding | None:
    """The agent is gone, and of older nodes nothing was seen: a pod there would show whether its rules are left."""
    was = removed(case)
    wanted = [node for node in elder if not older(node.version, 1, 14)][: observations.MOST_NODES]
    if not was or not wanted or not intent.blocks(case) or case.pod is None:
        return None
    repeats = [Repeat("pod-peer", "node", node.name) for node in wanted]
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_(
            "There is no ip-masq-agent any more. {old} is older than {node} and may still have the rules that it "
            "wrote; nothing was asked from there."
        ).format(old=wanted[0].name, node=here.name),
        evidence=(
            _("DaemonSet {name} does not exist").format(name=f"{intent.NAMESPACE}/ip-masq-agent"),
            was,
            _ages(here, wanted[0]),
        ),
        decides=_("the same request from a pod on {old}").format(old=wanted[0].name),
        next=Next(
            _("Ask from a pod on {values}: what differs by node is then told from what does not.").format(
                values=", ".join(node.name for node in wanted)
            ),
            observations.command(case, repeats[0]),
            tuple(map(str, repeats)),
        ),
    )


def _ages(here: Node, old: Node) -> str:
    return _("node {old} was made {then}, node {node} {now}").format(
        old=old.name, then=old.created, node=here.name, now=here.created
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
