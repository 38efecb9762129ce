"""RC68: the two networks have different MTUs, so large packets may be lost where small ones pass."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _


def check(case: Case) -> Finding | None:
    mine = case.network_a.mtu if case.network_a else None
    theirs = case.network_b.mtu if case.network_b else None
    if theirs is None and case.a_to_b is not None:
        theirs = case.a_to_b.peer_mtu
    if mine is None or theirs is None or mine == theirs or case.a is None or case.b is None:
        return None
    large = [seen for _repeat, seen in case.repeats("size")]
    stalls = case.measured("pod-peer") is Outcome.STALLED
    lost = stalls or (case.measured("pod-peer") is Outcome.OK and any(seen is not Outcome.OK for seen in large))
    words = ("gcloud", "compute", "networks", "describe", case.a.name, "--project", case.a.project)
    return Finding(
        status=Status.LIKELY if lost else Status.LATENT,
        blocks=stalls,
        sentence=_(
            "{a} has MTU {mine} and {b} has MTU {theirs}: packets larger than the smaller one may be lost."
        ).format(a=case.a, mine=mine, b=case.b, theirs=theirs),
        evidence=some(
            _("{vpc}: mtu = {mtu}").format(vpc=case.a, mtu=mine),
            _("{vpc}: mtu = {mtu}").format(vpc=case.b, mtu=theirs),
            _("the connection opens and stalls on bulk") if stalls else "",
            probes_say(case),
        ),
        decides=_("a ping of {size} bytes that must not be fragmented").format(size=max(mine, theirs) - 28),
        next=Next(
            _("Read the MTU of both networks."), shlex.join((*words, "--format", "value(mtu,peerings[].peerMtu)"))
        ),
        at=case.a if lost else None,
        owner=case.a.project if lost else "",
    )


CAUSE = Cause(
    "RC68",
    lambda: _("The two networks have different MTUs"),
    check,
    cells=cells("ok ok ok|stalled ok|stalled ok|stalled"),
    prior=Prior(2, 2, 2, 2),
    rank=40,
)
