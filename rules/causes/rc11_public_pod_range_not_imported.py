"""RC11: the pods live in privately used public space, which a peering carries only when both sides ask for it."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, probes_say, some
from rules.causes.crossing import MASQUERADE, stopped
from rules.causes.returning import describe_peer, flag
from rules.path import WhyNot
from rules.ranges import privately_used_public
from rules.report.model import Status
from rules.words import _
from rules.world import Peering, RouteKind


def check(case: Case) -> Finding | None:
    row = stopped(case, WhyNot.PUPI_NOT_IMPORTED, WhyNot.NOT_IMPORTED, WhyNot.NOT_EXPORTED)
    if row is None or row.route.kind is not RouteKind.SUBNET or not privately_used_public(row.route.dest):
        return None
    ours, theirs = case.a_to_b, case.b_to_a
    imports = row.why_not is not WhyNot.NOT_EXPORTED
    side = theirs if imports else ours
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "The pods' range {dest} is public space in private use, and {vpc} does not {verb} such ranges: {b} has no "
            "route back to {pod}."
        ).format(
            dest=row.route.dest,
            vpc=case.b if imports else case.a,
            verb=_("import") if imports else _("export"),
            b=case.b,
            pod=case.pod.address if case.pod else "",
        ),
        evidence=some(*_flags(ours, theirs), row.sentence, probes_say(case)),
        remedies=MASQUERADE,
        decides=_("an imported subnet route to {dest} in {b}").format(dest=row.route.dest, b=case.b),
        next=None if side is not None else describe_peer(case),
        at=case.b,
        owner=(case.b if imports else case.a).project if case.b and case.a else "",
    )


def _flags(ours: Peering | None, theirs: Peering | None) -> tuple[str, ...]:
    found = []
    if ours is not None:
        found.append(flag(ours, "exportSubnetRoutesWithPublicIp", ours.export_public))
    if theirs is not None:
        found.append(flag(theirs, "importSubnetRoutesWithPublicIp", theirs.import_public))
    return tuple(found)


CAUSE = Cause(
    "RC11",
    lambda: _("The peer does not import the pods' public range"),
    check,
    rank=40,
    prior=Prior(0, 0, 9, 0),
    connectivity_tests=("NO_ROUTE",),
)
