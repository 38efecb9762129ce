"""Shared by the causes in which the way to the pods is not, or not alone, what the target's VPC has of it."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.exchange import Exchanged
from rules.path import Hop, WhyNot
from rules.report.model import Next
from rules.words import _
from rules.world import Route

MASQUERADE = ("masquerade-minimal", "masquerade-article")


def own_address_is_lost(case: Case) -> bool:
    """Whether the question is the way back to the pod's own address: it is worn, and no answer has come home."""
    return case.wears_pod_address and case.blocked and not case.told


def stopped(case: Case, *reasons: WhyNot) -> Exchanged | None:
    """A's route to the pod that does not become B's for one of `reasons`; None while any other one crosses."""
    pod = case.pod
    if pod is None or pod.address is None or not own_address_is_lost(case):
        return None
    address = pod.address
    rows = [row for row in case.crossing or () if row.route.dest.prefixlen > 0 and address in row.route.dest]
    if any(row.imported is not False for row in rows):
        return None
    return next((row for row in rows if row.why_not in reasons), None)


def way_back(case: Case) -> Hop | None:
    """The hop where B chooses a route for its answer to the pod; None where no peer holds the target."""
    return None if case.b is None else case.hop(case.walk, "route", back=True, vpc=case.b)


def carries(case: Case) -> Route | None:
    """The route of B that takes answers to the pod; None where none does or it cannot be told."""
    hop = way_back(case)
    found = (each.route for each in hop.candidates if each.why_not is None and not each.ghost) if hop else ()
    return next(iter(found), None)


def list_routes(case: Case) -> Next | None:
    """How B's people see what their VPC does with the pod's address."""
    if case.b is None:
        return None
    words = ("gcloud", "compute", "routes", "list", "--project", case.b.project, "--filter", f"network~/{case.b.name}$")
    return Next(_("Let {owner} list the routes of {vpc}.").format(owner=case.b.project, vpc=case.b), shlex.join(words))


def list_subnets(case: Case) -> Next | None:
    """How B's people see which of their subnets hold the pod's address."""
    if case.b is None:
        return None
    words = ("gcloud", "compute", "networks", "subnets", "list", "--project", case.b.project)
    return Next(
        _("Let {owner} list the subnets of {vpc}.").format(owner=case.b.project, vpc=case.b),
        shlex.join((*words, "--network", case.b.name)),
    )
