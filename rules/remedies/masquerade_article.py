"""masquerade-article: keep pod addresses inside the cluster's own VPC only, and masquerade everything else."""

from __future__ import annotations

from rules.case import Case
from rules.remedies import carve, masquerading
from rules.remedies.remedy import Draft, Remedy
from rules.words import _


def draft(case: Case) -> Draft | None:
    net = case.network_a
    if case.walk is None or net is None or not net.subnets:
        return None
    if case.masquerade is not None and case.masquerade.masqueraded is True:
        return None
    own = [entry for subnet in net.subnets for entry in subnet.ranges]
    ranges = tuple(dict.fromkeys((*masquerading.pod_ranges(case), *own)))
    most = masquerading.limit(case)
    if len(ranges) > most:
        ranges = carve.collapsed(ranges)
    if any(case.dest in entry for entry in ranges):
        return None
    text = masquerading.write(case, ranges, resyncInterval="60s")
    new = masquerading.NewFile(text, ranges, len(ranges) <= most)
    flipped = carve.changed(masquerading.list_in_force(case), ranges)
    sentence = _("Pods keep their address towards pods and {a} only, and wear their node's towards all else.").format(
        a=case.a
    )
    return masquerading.draft(case, new, sentence, masquerading.reach(case, flipped))


REMEDY = Remedy("masquerade-article", lambda: _("Masquerade everything outside the cluster's VPC"), draft)
