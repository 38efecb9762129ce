"""RC57: the peering is INACTIVE, so neither side has a route to the other."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.path import Verdict
from rules.report.model import Next, Status
from rules.words import _
from rules.world import Peering


def suspects(case: Case) -> tuple[Peering, ...]:
    """A's inactive peerings that would lead to the target; the only inactive one where the target's VPC is unknown."""
    if case.network_a is None:
        return ()
    idle = tuple(peering for peering in case.network_a.peerings or () if not peering.active)
    if case.b is not None:
        return tuple(peering for peering in idle if peering.peer == case.b)
    return idle if len(idle) == 1 else ()


def check(case: Case) -> Finding | None:
    found = suspects(case)
    hop = case.hop(case.node_walk, "route", vpc=case.a)
    if not found or hop is None or hop.verdict is not Verdict.DROP:
        return None
    if case.contradicted("node-peer") or case.contradicted("pod-peer") or not case.blocked:
        return None
    peering = found[0]
    proven = case.b is not None and case.network_b is not None and case.network_b.subnets is not None
    words = ("gcloud", "compute", "networks", "peerings", "list", "--project", peering.peer.project)
    details = f" ({peering.state_details})" if peering.state_details else ""
    return Finding(
        status=Status.CONFIRMED if proven or case.b is not None else Status.LIKELY,
        blocks=True,
        sentence=_("The peering {name} from {a} to {b} is INACTIVE: {a} has no route to {target}.").format(
            name=peering.name, a=case.a, b=peering.peer, target=case.dest
        ),
        evidence=some(
            _("{a} peering {name}: state = INACTIVE{details}").format(a=case.a, name=peering.name, details=details),
            _theirs(case),
            hop.sentence,
            probes_say(case),
        ),
        decides=_("state = ACTIVE on both sides, and a subnet route to {target} in {a}").format(
            target=case.dest, a=case.a
        ),
        next=Next(
            _("Let {owner} look whether its side of the peering exists.").format(owner=peering.peer.project),
            shlex.join((*words, "--network", peering.peer.name)),
        ),
        owner=peering.peer.project,
    )


def _theirs(case: Case) -> str:
    if not case.b_peerings_known or case.network_b is None:
        return ""
    theirs = case.b_to_a
    if theirs is None:
        return _("{b} has no peering with {a}").format(b=case.b, a=case.a)
    return _("{b} peering {name}: state = {state}").format(
        b=case.b, name=theirs.name, state="ACTIVE" if theirs.active else "INACTIVE"
    )


CAUSE = Cause(
    "RC57",
    lambda: _("The peering is not active"),
    check,
    rank=10,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(6, 6, 6, 6),
    connectivity_tests=("NO_ROUTE", "PRIVATE_TRAFFIC_TO_INTERNET"),
)
