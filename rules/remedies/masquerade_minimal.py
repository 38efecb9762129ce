"""masquerade-minimal: the list in force minus the target's range: only packets to it wear the node's address."""

from __future__ import annotations

from rules.case import Case
from rules.remedies import carve, masquerading
from rules.remedies.remedy import Draft, Remedy
from rules.words import _


def draft(case: Case) -> Draft | None:
    if case.walk is None or (case.masquerade is not None and case.masquerade.masqueraded is True):
        return None
    now, pods = masquerading.list_in_force(case), masquerading.pod_ranges(case)
    cut = carve.carve(now, case.target_range, pods, limit=masquerading.limit(case))
    if any(case.dest in entry for entry in cut.ranges):
        return None
    new = masquerading.NewFile(masquerading.write(case, cut.ranges), cut.ranges, cut.fits)
    sentence = _("Pods wear their node's address towards {range} alone; {b} has a route to the nodes.").format(
        range=cut.hole, b=case.b or _("the peer")
    )
    if cut.hole != case.target_range:
        sentence += " " + _("The range is wider than {range}: the agent takes no more than {limit} ranges.").format(
            range=case.target_range, limit=masquerading.limit(case)
        )
    return masquerading.draft(case, new, sentence, masquerading.reach(case, carve.changed(now, cut.ranges)))


REMEDY = Remedy("masquerade-minimal", lambda: _("Masquerade towards the target's range only"), draft)
