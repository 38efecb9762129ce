"""RC50: the node's own kernel may drop what its pods send. It is unread, and reached by exclusion."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _

_SILENT = (Outcome.TIMEOUT, Outcome.UNREACHABLE)


def check(case: Case) -> Finding | None:
    node, local = case.node, case.local_walk
    if node is None or not case.unexplained or local is None or local.outcome is not Outcome.OK:
        return None
    if case.measured("pod-local") not in _SILENT or case.measured("node-local") is not Outcome.OK:
        return None
    if not case.node_gets_through:
        return None
    words = ("kubectl", "debug", f"node/{node.name}", "-it", "--image=nicolaka/netshoot", "--")
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_(
            "Everything that was read lets the pod's packets through, and none gets out of {node}: its own kernel may "
            "drop them (ip_forward, or the FORWARD chain)."
        ).format(node=node.name),
        evidence=some(
            _("the route to the pods of {node} and its VM's right to send for them are in order").format(
                node=node.name
            ),
            _("pod → local is silent as well, and nothing that was read explains it"),
            probes_say(case),
        ),
        decides=_("net.ipv4.ip_forward = 1 on {node}, and a FORWARD chain that lets pods out").format(node=node.name),
        next=Next(
            _("Read the node's own forwarding."),
            shlex.join((*words, "sh", "-c", "sysctl net.ipv4.ip_forward; iptables -S FORWARD")),
        ),
        at=case.a,
        owner=node.project,
    )


CAUSE = Cause(
    "RC50",
    lambda: _("The node may not forward what its pods send"),
    check,
    rank=45,
    cells=cells("timeout ok ok timeout timeout", node="ok|timeout"),
    prior=Prior(2, 2, 2, 1),
    by_exclusion=True,
)
