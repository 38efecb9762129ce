"""exchange-routes: A exports its custom routes, B imports them; then B has a route to every pod."""

from __future__ import annotations

from rules.case import Case
from rules.remedies import exchanging
from rules.remedies.exchanging import Halves
from rules.remedies.remedy import Draft, Remedy
from rules.words import _


def draft(case: Case) -> Draft | None:
    """Where one half alone is missing, the remedy for that half says the same."""
    return exchanging.draft(case, Halves(True, True)) if exchanging.missing(case) == Halves(True, True) else None


REMEDY = Remedy(
    "exchange-routes",
    lambda: _("Exchange custom routes over the peering"),
    draft,
    parts=("export-routes", "import-routes"),
)
