"""import-routes: the half of the exchange that B's people can do; enough where A exports already."""

from __future__ import annotations

from rules.case import Case
from rules.remedies import exchanging
from rules.remedies.exchanging import Halves
from rules.remedies.remedy import Draft, Remedy
from rules.words import _


def draft(case: Case) -> Draft | None:
    missing = exchanging.missing(case)
    return exchanging.draft(case, Halves(False, True)) if missing is not None and missing.theirs else None


REMEDY = Remedy("import-routes", lambda: _("Import custom routes at the peer (their side alone)"), draft)
