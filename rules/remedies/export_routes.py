"""export-routes: the half of the exchange that A's people can do; enough where B imports already."""

from __future__ import annotations

from rules.case import Case
from rules.remedies import exchanging
from rules.remedies.exchanging import Halves
from rules.remedies.remedy import Draft, Remedy
from rules.words import _


def draft(case: Case) -> Draft | None:
    missing = exchanging.missing(case)
    return exchanging.draft(case, Halves(True, False)) if missing is not None and missing.ours else None


REMEDY = Remedy("export-routes", lambda: _("Export the cluster's custom routes (own side alone)"), draft)
