"""RC26: an upgrade across 1.14 widened what a node keeps from its boot, and the target is in what was added."""

from __future__ import annotations

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior, cells, some
from rules.masquerade import BOOT, OLD_BOOT, older
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    here, agent = case.node, case.world.agent
    if here is None or not here.version or not intent.applies(case) or not intent.blocks(case):
        return None
    if here.name in agent.pods and here.name not in agent.not_ready:
        return None
    added = any(case.dest in each for each in BOOT) and not any(case.dest in each for each in OLD_BOOT)
    if not added or older(here.version, 1, 14):
        return None
    before = [node for node in case.world.nodes.values() if older(node.version, 1, 14)]
    if not before and not older(here.version, 1, 16):
        return None
    shown = ", ".join(f"{node.name} {node.version}" for node in before) or _("none is left")
    return Finding(
        status=Status.CONFIRMED if before else Status.LIKELY,
        blocks=True,
        sentence=_(
            "{target} is outside 10.0.0.0/8: nodes before 1.14 masqueraded packets to it, {node} ({version}) keeps the "
            "pod's address towards every private range."
        ).format(target=case.dest, node=here.name, version=here.version),
        evidence=some(
            _("node {node}: kubeletVersion = {version}").format(node=here.name, version=here.version),
            _("nodes before 1.14: {nodes}").format(nodes=shown),
            *intent.facts(case),
        ),
        remedies=("deploy-agent", *intent.REMEDIES),
        decides=_("a pod on a node before 1.14 that meets the same silence"),
    )


CAUSE = Cause(
    "RC26",
    lambda: _("An upgrade keeps the pod's address where it was masqueraded before"),
    check,
    rank=28,
    cells=cells("ok ok ok timeout ok", node="ok|timeout"),
    prior=Prior(1, 1, 1, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
