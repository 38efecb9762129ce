"""vpc-native: a new cluster whose pods live in a secondary range, which every peering exchanges by itself. Advice."""

from __future__ import annotations

from rules.case import Case
from rules.remedies import masquerading
from rules.remedies.advice import advice, applies
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Precondition, Role
from rules.words import _


def draft(case: Case) -> Draft | None:
    a, b = case.a, case.b
    if a is None or b is None or not applies(case) or case.pods_in_subnet is not False:
        return None
    ranges = masquerading.pod_ranges(case)
    known = case.network_b.subnets if case.network_b is not None else None
    apart = None
    if known is not None:
        apart = not any(entry.overlaps(own) for subnet in known for entry in subnet.ranges for own in ranges)
    return advice(
        case,
        _(
            "A cluster cannot be converted: a new VPC-native one takes its place, and its pods' range is a subnet "
            "range that {b} gets over the peering without being asked."
        ).format(b=b),
        a.project,
        (
            Precondition(
                _("pod ranges free of overlap with {b} (today's: {ranges})").format(
                    b=b, ranges=", ".join(map(str, ranges))
                ),
                apart,
            ),
            Precondition(_("the firewall of {b} admits the new pod range").format(b=b), None),
            Precondition(_("the workloads can be moved"), None),
        ),
        (_("everything in the cluster moves; addresses of nodes, pods and Services change"),),
    )


REMEDY = Remedy("vpc-native", lambda: _("Move to a VPC-native cluster"), draft, role=Role.ADVICE)
