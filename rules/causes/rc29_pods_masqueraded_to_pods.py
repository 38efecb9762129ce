"""RC29: the agent's list lacks the pods' own ranges, so pods of other nodes see nodes instead of pods."""

from __future__ import annotations

from ipaddress import IPv4Network, collapse_addresses

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.report.model import Status
from rules.words import _


def uncovered(case: Case) -> tuple[IPv4Network, ...]:
    """The cluster's pod ranges that the agent's list does not cover; empty where there is no list of its own."""
    found, key, agent = intent.mounted(case), intent.key(case), case.world.agent
    if found is None or key not in found.data or not intent.applies(case):
        return ()
    if not agent.pods or set(agent.pods) <= agent.not_ready:
        return ()
    config = intent.read(case, found, key).config
    if config.error or not config.given:
        return ()
    listed = list(collapse_addresses(config.ranges))
    cluster = case.world.cluster
    ranges = cluster.pod_ranges if cluster is not None else ()
    ranges = ranges or tuple(each for node in case.world.nodes.values() for each in node.pod_ranges)
    return tuple(each for each in ranges if not any(each.subnet_of(entry) for entry in listed))


def check(case: Case) -> Finding | None:
    missing = uncovered(case)
    if not missing:
        return None
    ranges = ", ".join(map(str, missing))
    found, key = intent.mounted(case), intent.key(case)
    where = f"{found.namespace}/{found.name}" if found else ""
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "The agent's list does not hold the pods' own range {ranges}: pods on other nodes see node addresses, and "
            "network policies that select pods stop matching."
        ).format(ranges=ranges),
        evidence=(
            _("ConfigMap {where}, key {key}: nonMasqueradeCIDRs does not fully cover {ranges}").format(
                where=where, key=key, ranges=ranges
            ),
        ),
        remedies=intent.REMEDIES,
        decides=_("{ranges} in nonMasqueradeCIDRs").format(ranges=ranges),
        next=intent.agent_log(),
    )


CAUSE = Cause(
    "RC29",
    lambda: _("Packets between pods are masqueraded"),
    check,
    cells=cells("any any any any any"),
    prior=Prior(3, 3, 3, 0),
)
