"""RC68: the two networks have different MTUs, so large packets may be lost where small ones pass."""

from __future__ import annotations

import shlex

from rules import observations
from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.repeats import BULK
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _

_LOST = frozenset({Outcome.STALLED, Outcome.TIMEOUT})


def check(case: Case) -> Finding | None:
    mine = case.network_a.mtu if case.network_a else None
    theirs = case.network_b.mtu if case.network_b else None
    if theirs is None and case.a_to_b is not None:
        theirs = case.a_to_b.peer_mtu
    if mine is None or theirs is None or mine == theirs or case.a is None or case.b is None:
        return None
    seen = case.measured("pod-peer")
    large = [(repeat.value, outcome) for repeat, outcome in case.repeats("size")]
    stalls = seen is Outcome.STALLED
    lost = stalls or (seen is Outcome.OK and any(outcome in _LOST for _size, outcome in large))
    peering = case.a_to_b
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
            _("peering {peering}: peerMtu = {mtu}").format(peering=peering.name, mtu=peering.peer_mtu)
            if peering is not None and peering.peer_mtu is not None
            else "",
            _("the connection opens and stalls on bulk") if stalls else "",
            *(
                _("measured: a request of {size} bytes, {outcome}").format(size=size, outcome=outcome.value)
                for size, outcome in large
            ),
            *(
                _("measured: a small packet ({protocol}) is answered").format(protocol=repeat.value)
                for repeat, outcome in case.repeats("protocol")
                if outcome is Outcome.OK
            ),
            probes_say(case),
        ),
        decides=_("a ping of {size} bytes that must not be fragmented").format(size=max(mine, theirs) - 28),
        next=_sizes(case)
        or Next(_("Read the MTU of both networks."), shlex.join((*words, "--format", "value(mtu,peerings[].peerMtu)"))),
        at=case.a if lost else None,
        owner=case.a.project if lost else "",
    )


def _sizes(case: Case) -> Next | None:
    """Large packets where small ones pass, a small one where large ones stall; None where it was tried."""
    seen = case.measured("pod-peer")
    if seen is Outcome.STALLED and (wanted := observations.available(case, "protocol")):
        sentence = _("Send one small packet: if it is answered where bulk stalls, size is what decides.")
    elif seen is Outcome.OK and (wanted := observations.available(case, "size")):
        sentence = _("Send {bytes} bytes at once: small packets pass where large ones are lost.").format(bytes=BULK)
    else:
        return None
    return Next(sentence, observations.command(case, wanted[0]), tuple(str(repeat) for repeat in wanted))


CAUSE = Cause(
    "RC68",
    lambda: _("The two networks have different MTUs"),
    check,
    cells=cells("ok ok ok|stalled ok|stalled ok|stalled"),
    prior=Prior(2, 2, 2, 2),
    rank=40,
)
