"""Shared by the causes of a lost answer from beyond a VPN or an interconnect (RC15, RC61)."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Finding, cells, probes_say, some
from rules.path import Hop, Verdict
from rules.report.model import Next, Status
from rules.words import _


def untold(case: Case) -> Hop | None:
    """The advertisement that lacks the address the packet wears, while pod → peer is silent."""
    hop = case.hop(case.walk, "advertisement", back=True)
    if hop is None or hop.verdict is not Verdict.DROP or not case.blocked or case.told:
        return None
    return hop


def finding(case: Case, hop: Hop, sentence: str) -> Finding:
    """What both causes say; for the node too where its address is not advertised either."""
    node = case.hop(case.node_walk, "advertisement", back=True)
    both = node is not None and node.verdict is Verdict.DROP
    way = case.hop(case.walk, "beyond")
    worn = case.walk.source_seen if case.walk else None
    router = hop.object.partition(":")[0]
    project = hop.owner
    region = next((each.region for each in case.world.routers or () if each.vpc == hop.vpc and each.name == router), "")
    words = ("gcloud", "compute", "routers", "get-status", router, "--region", region, "--project", project)
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=sentence,
        evidence=some(
            way.sentence if way else "",
            hop.sentence,
            node.sentence if node is not None and not both else "",
            case.masquerade.sentence if case.masquerade and not both else "",
            probes_say(case),
        ),
        remedies=() if both else ("masquerade-minimal", "masquerade-article"),
        decides=_("{source} in an advertised range of router {router}").format(source=worn, router=router),
        next=Next(_("See what router {router} advertises.").format(router=router), shlex.join(words)),
        cells=cells("ok ok timeout timeout any") if both else None,
        at=hop.vpc,
        owner=project,
    )
