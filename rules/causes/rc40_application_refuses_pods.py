"""RC40: the network serves the pod; the application answers its address with an error."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.rc45_sidecar_answers_itself import sidecar
from rules.report.model import Status
from rules.snapshot import Outcome
from rules.words import _


def check(case: Case) -> Finding | None:
    pod, node = case.measured("pod-peer"), case.measured("node-peer")
    if pod is not Outcome.APP_ERROR or node is not Outcome.OK or sidecar(case):
        return None
    probe, address = case.probes["pod-peer"], str(case.pod.address) if case.pod else ""
    said = " ".join(f"{probe.stdout} {probe.stderr}".split())
    named = bool(address) and address in said and "403" in said
    return Finding(
        status=Status.CONFIRMED if named else Status.LIKELY,
        blocks=True,
        sentence=_(
            "{target} is reached, and its application answers the pod with an error and the node without."
        ).format(target=case.question.target),
        evidence=some(
            _("pod-peer app-error: {said}").format(said=said[:200]) if said else _("pod-peer app-error"),
            _("node-peer ok: the same request from the node's address is served"),
            probes_say(case),
        ),
        remedies=("masquerade-minimal", "masquerade-article") if case.wears_pod_address else (),
        decides=_("the application's log: the client address of the refused request, and its list of allowed ones"),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


CAUSE = Cause(
    "RC40",
    lambda: _("The application refuses the pod's address"),
    check,
    cells=cells("ok ok ok app-error any"),
    prior=Prior(3, 3, 3, 3),
    rank=20,
)
