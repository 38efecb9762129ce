"""RC04: the flags are set, but the peering needs consensus and the other side has not agreed."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, probes_say, some
from rules.causes.crossing import stopped
from rules.causes.returning import describe_peer
from rules.path import WhyNot
from rules.report.model import Status
from rules.words import _
from rules.world import Peering


def check(case: Case) -> Finding | None:
    row = stopped(case, WhyNot.PENDING_CONSENSUS)
    if row is None:
        return None
    sides = [side for side in (case.a_to_b, case.b_to_a) if side is not None]
    pending = [side for side in sides if side.update_status.startswith("PENDING")]
    asking = next((side for side in sides if side.update_status.startswith("PENDING_PEER")), None)
    waited = asking.peer if asking is not None else pending[0].vpc if pending else row.importer
    return Finding(
        status=Status.CONFIRMED if pending else Status.LIKELY,
        blocks=True,
        sentence=_(
            "The peering between {a} and {b} needs consensus, and {waited} has not agreed to the exchange of custom "
            "routes: {b} has no route back to {pod}."
        ).format(a=case.a, b=case.b, waited=waited, pod=case.pod.address if case.pod else ""),
        evidence=some(*(_said(side) for side in sides), row.sentence, probes_say(case)),
        remedies=("masquerade-minimal", "import-routes", "masquerade-article"),
        decides=_("consensusState.updateStatus = IN_SYNC on both sides"),
        next=None if pending else describe_peer(case),
        owner=waited.project,
    )


def _said(side: Peering) -> str:
    effective = {None: "?", True: "true", False: "false"}[side.effective_export]
    return _(
        "{vpc} peering {name}: updateStrategy = {strategy}, updateStatus = {status}, exportCustomRoutes = {export}, "
        "importCustomRoutes = {imports}, in force: exportCustomRoutesToPeer = {effective}"
    ).format(
        vpc=side.vpc,
        name=side.name,
        strategy="CONSENSUS" if side.consensus else "INDEPENDENT",
        status=side.update_status or "?",
        export=str(side.export_custom).lower(),
        imports=str(side.import_custom).lower(),
        effective=effective,
    )


CAUSE = Cause(
    "RC04",
    lambda: _("A change of the peering waits for the other side's consent"),
    check,
    rank=40,
    prior=Prior(3, 0, 0, 0),
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
