"""RC58: no peering of the cluster's VPC leads to the network that holds the target."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.reach import beyond_peer, elsewhere, holds, nowhere, offered, peerings
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    hop = nowhere(case)
    net = case.network_a
    if hop is None or net is None or net.peerings is None or case.a is None or holds(case, case.a):
        return None
    if any(not each.active for each in net.peerings) or beyond_peer(case) is not None or any(offered(case)):
        return None
    if any(holds(case, each.peer) for each in net.peerings):
        return None
    known = all(holds(case, each.peer) is False or each.incoming is not None for each in net.peerings)
    other = elsewhere(case)
    names = ", ".join(f"{each.name} → {each.peer}" for each in peerings(case)) or _("none")
    words = ("gcloud", "compute", "networks", "peerings", "list", "--network", case.a.name, "--project", case.a.project)
    return Finding(
        status=Status.CONFIRMED if known else Status.LIKELY,
        blocks=True,
        sentence=_("{target} is in {other}, and {a} is not peered with it.").format(
            target=case.dest, other=other, a=case.a
        )
        if other is not None
        else _("No peering of {a} leads to {target}: no peer has a subnet that holds it.").format(
            a=case.a, target=case.dest
        ),
        evidence=some(
            _("ACTIVE peerings of {a}: {names}").format(a=case.a, names=names),
            _("none of them has a subnet range that holds {target}").format(target=case.dest) if known else "",
            hop.sentence,
            probes_say(case),
        ),
        decides=_("an ACTIVE peering with the network that holds {target}, or a subnet of a peer that does").format(
            target=case.dest
        ),
        next=Next(_("List the peerings of {a}.").format(a=case.a), shlex.join(words)),
        at=case.a,
        owner=case.a.project,
    )


CAUSE = Cause(
    "RC58",
    lambda: _("No peering leads to the target's network"),
    check,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(4, 4, 4, 4),
    rank=30,
    connectivity_tests=("PRIVATE_TRAFFIC_TO_INTERNET", "NO_ROUTE"),
)
