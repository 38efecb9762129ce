"""RC31: two faults at once. B has no route back to the pod, and B's firewall would not admit it either."""

from __future__ import annotations

from rules.case import Case
from rules.causes import rc01_custom_routes_not_exchanged as rc01
from rules.causes import rc02_peer_does_not_import as rc02
from rules.causes import rc03_cluster_side_does_not_export as rc03
from rules.causes import rc30_peer_firewall_lacks_pods as rc30
from rules.causes.cause import Cause, Finding, Prior
from rules.report.model import Status
from rules.words import _

_SURE = (Status.CONFIRMED, Status.LIKELY)


def check(case: Case) -> Finding | None:
    door = rc30.check(case)
    if door is None or door.status is not Status.CONFIRMED:
        return None
    found = ((cause, cause.check(case)) for cause in (rc01.CAUSE, rc02.CAUSE, rc03.CAUSE))
    route = next(((cause, finding) for cause, finding in found if finding and finding.status in _SURE), None)
    if route is None:
        return None
    cause, finding = route
    return Finding(
        status=finding.status,
        blocks=True,
        sentence=_(
            "Two faults at once ({route} and RC30): {b} has no route back to the pod and its firewall does not admit "
            "it. Exchanging routes alone changes nothing to be seen; masquerading avoids both."
        ).format(route=cause.id, b=case.b),
        evidence=(finding.sentence, door.sentence, *finding.evidence[:2], *door.evidence[:2]),
        remedies=("masquerade-minimal", "peer-firewall", "masquerade-article"),
        decides=_("either half shown to be in order: a route to the pod in {b}, or a rule there that admits it").format(
            b=case.b
        ),
        next=finding.next,
    )


CAUSE = Cause(
    "RC31",
    lambda: _("No route back, and the peer's firewall does not admit pods"),
    check,
    rank=10,
    prior=Prior(9, 0, 0, 0),
    connectivity_tests=("NO_ROUTE", "FIREWALL_RULE"),
)
