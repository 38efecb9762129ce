"""RC56: masqueraded connections may find no free port, or no room in the node's table. Both are unread."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    node = case.node
    if node is None or not case.unexplained or case.masquerade is None or not case.masquerade.masqueraded:
        return None
    if "pod-local" in case.failing:
        return None
    pods = sum(pod.node == node.name and not pod.host_network for pod in (case.world.pods or {}).values())
    words = ("kubectl", "debug", f"node/{node.name}", "-it", "--image=nicolaka/netshoot", "--", "conntrack", "-S")
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_(
            "Packets to {target} wear the address of {node} and everything that was read lets them through: the ports "
            "of {node} towards {target}, or its connection table, may be used up."
        ).format(target=case.dest, node=node.name),
        evidence=some(
            case.masquerade.sentence,
            _("{count} pods share the address of {node}").format(count=pods, node=node.name),
            probes_say(case),
        ),
        decides=_("a second try that is answered, and insert_failed that grows in conntrack's statistics"),
        next=Next(_("Read the node's connection statistics, twice."), shlex.join(words)),
        owner=node.project,
    )


CAUSE = Cause(
    "RC56",
    lambda: _("The node's ports for masquerading may be used up"),
    check,
    rank=46,
    cells=cells("ok ok ok|timeout ok|timeout ok", **{"try": "ok|timeout", "node": "ok|timeout"}),
    prior=Prior(2, 2, 2, 3),
    by_exclusion=True,
)
