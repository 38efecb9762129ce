"""RC55: a multi-network pod leaves by its second interface, into a network from which the target is not reached."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    pod, hop = case.pod, case.hop(case.walk, "interface")
    if pod is None or hop is None or case.told or not case.blocked or not case.node_gets_through:
        return None
    ref = case.question.pod
    words = ("kubectl", "exec", "-n", ref.namespace, ref.name, "--", "ip", "route", "get", str(case.dest))
    return Finding(
        status=Status.LIKELY,
        blocks=True,
        sentence=_(
            "{pod} has several interfaces and leaves by {nic}: packets to {target} go into another network than the "
            "nodes'."
        ).format(pod=ref, nic=pod.default_interface, target=case.dest),
        evidence=some(
            _("pod {pod}: annotation networking.gke.io/default-interface = {nic}").format(
                pod=ref, nic=pod.default_interface
            ),
            hop.sentence,
            probes_say(case),
        ),
        decides=_("the interface that the pod's own route to {target} names").format(target=case.dest),
        next=Next(_("Ask the pod by which interface it sends."), shlex.join(words)),
        owner=case.node.project if case.node else "",
    )


CAUSE = Cause(
    "RC55",
    lambda: _("The pod leaves by another network"),
    check,
    rank=20,
    cells=cells("ok ok ok timeout any", namespace="ok|timeout", node="ok|timeout"),
    prior=Prior(0, 1, 1, 0),
)
