"""shared-vpc: cluster and target in one VPC, so that there is no peering to cross. Advice."""

from __future__ import annotations

from rules.case import Case
from rules.remedies.advice import advice, applies
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Precondition, Role
from rules.words import _


def draft(case: Case) -> Draft | None:
    a, b = case.a, case.b
    if a is None or b is None or not applies(case):
        return None
    cluster = case.world.cluster
    native = None if cluster is None or cluster.routes_based is None else not cluster.routes_based
    return advice(
        case,
        _(
            "The cluster becomes a service project's in a Shared VPC that holds the target as well: in one VPC pods "
            "have a route from everywhere."
        ),
        f"{a.project}, {b.project}",
        (
            Precondition(_("both projects belong to one organisation"), None),
            Precondition(_("the cluster is VPC-native (Shared VPC takes no other)"), native),
            Precondition(_("the firewall admits the pod range there too"), None),
        ),
        (_("cluster or target moves to another network; the host project's people own routes and firewall"),),
    )


REMEDY = Remedy("shared-vpc", lambda: _("Put cluster and target into one Shared VPC"), draft, role=Role.ADVICE)
