"""RC12: the target is in a Google producer's VPC, and the peering with it does not export custom routes."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior
from rules.causes.crossing import MASQUERADE
from rules.causes.returning import answer_lost, evidence, exportable, flag, look_at_peer, missing_in_a, producer
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop, ours = answer_lost(case), case.a_to_b
    if hop is None or ours is None or not ours.active or ours.export_custom or not producer(ours):
        return None
    if not exportable(case) and not missing_in_a(case):
        return None
    pod = case.pod.address if case.pod else ""
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "{target} is in a service producer's network, which learns the pods' routes only from an export, and "
            "{name} of {a} does not export custom routes: it has no route back to {pod}."
        ).format(target=case.dest, name=ours.name, a=case.a, pod=pod),
        evidence=evidence(case, hop, flag(ours, "exportCustomRoutes", False)),
        remedies=("export-routes", *MASQUERADE),
        decides=_("exportCustomRoutes = true on {name}, or an answer to a probe from the pod").format(name=ours.name),
        next=look_at_peer(case),
        at=case.b,
        owner=ours.vpc.project,
    )


CAUSE = Cause(
    "RC12",
    lambda: _("A service producer's network lacks the pods' routes"),
    check,
    rank=40,
    prior=Prior(6, 0, 0, 0),
    connectivity_tests=("NO_ROUTE", "CLOUD_SQL_INSTANCE_NO_ROUTE"),
)
