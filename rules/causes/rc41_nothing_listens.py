"""RC41: the target's machine refuses the connection: nothing listens on that port there."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _


def check(case: Case) -> Finding | None:
    node, pod = case.measured("node-peer"), case.measured("pod-peer")
    if Outcome.REFUSED not in (node, pod) or Outcome.OK in (node, pod) or case.question.target.protocol != "tcp":
        return None
    if case.hop(case.walk, "service") is not None:
        return None  # the node refuses it in the name of a Service
    if pod is Outcome.REFUSED and node not in (None, Outcome.REFUSED):
        return None
    port = case.question.target.port
    both = node is Outcome.REFUSED
    refused = tuple(probe for probe in ("node-peer", "pod-peer") if case.measured(probe) is Outcome.REFUSED)
    return Finding(
        status=Status.CONFIRMED if both else Status.LIKELY,
        blocks=True,
        sentence=_(
            "{target} refuses connections to port {port}: its machine is reached, and nothing listens there."
        ).format(target=case.dest, port=port),
        evidence=some(
            _("{probes} refused: the refusal is an answer of the target's machine, and it came home").format(
                probes=", ".join(refused)
            ),
            _("pod-peer {outcome}: for the pod's address even the refusal is lost, so there is a second fault").format(
                outcome=pod.value
            )
            if pod is not None and pod is not Outcome.REFUSED
            else "",
            probes_say(case),
        ),
        decides=_("a process that listens on {target}:{port}, not on 127.0.0.1 alone").format(
            target=case.dest, port=port
        ),
        next=_look(case),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


def _look(case: Case) -> Next | None:
    vm = case.world.instance_at(case.dest, case.b) if case.b is not None else None
    if vm is None:
        return None
    words = ("gcloud", "compute", "ssh", vm.name, "--project", vm.project, "--zone", vm.zone)
    return Next(
        _("Let {owner} see what listens on the target.").format(owner=vm.project),
        shlex.join((*words, "--command", "sudo ss -ltnp")),
    )


CAUSE = Cause(
    "RC41",
    lambda: _("Nothing listens on the target's port"),
    check,
    cells=cells("ok ok refused refused|timeout any"),
    prior=Prior(4, 4, 4, 4),
    rank=15,
)
