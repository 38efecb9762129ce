"""RC67: a Cloud NAT gateway is there, and it has no part in what crosses a peering."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, probes_say, some
from rules.path import Verdict
from rules.report.model import Next, Status
from rules.words import _
from rules.world import HopKind


def check(case: Case) -> Finding | None:
    mine = [router for router in case.world.routers or () if router.vpc == case.a and router.nats]
    hop = case.hop(case.walk, "route", vpc=case.a)
    if not mine or hop is None or not case.blocked or not case.wears_pod_address or not case.node_gets_through:
        return None
    carried = next((each.route for each in hop.candidates if each.why_not is None), None)
    if hop.verdict is not Verdict.OK or carried is None or carried.next_hop.kind is HopKind.INTERNET_GATEWAY:
        return None
    router = mine[0]
    words = ("gcloud", "compute", "routers", "get-nat-mapping-info", router.name, "--region", router.region)
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "Cloud NAT {nat} does not touch this packet: its route is {dest}, not the internet gateway's."
        ).format(nat=router.nats[0], dest=carried.dest),
        evidence=some(
            _("{a} router {router}: nats = {nats}").format(a=case.a, router=router.name, nats=", ".join(router.nats)),
            hop.sentence,
            probes_say(case),
        ),
        decides=_("a NAT mapping for a connection to {target}").format(target=case.dest),
        next=Next(
            _("See for which connections the gateway has mappings."),
            shlex.join((*words, "--project", router.project)),
        ),
        at=case.a,
        owner=router.project,
    )


CAUSE = Cause("RC67", lambda: _("Cloud NAT has no part in this"), check, prior=Prior(2, 2, 2, 2), rank=70)
