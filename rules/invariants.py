"""Measurements that cannot all be so, whatever is broken: then the measurement is wrong, or something was not seen.

I1  what runs on the node's network twice must agree          I5  a pod that is answered where its node is not
I2  a node that is not answered comes before the pod          I6  a pod that does not reach its own network either
I3  a refusal came home, so routes and firewalls serve it     I7  a masqueraded pod fares as its node does
I4  silence carries no place                                  I8  a VPC-native pod with a private address has a way back

I2 and I4 are no contradictions but limits of what may be concluded; the ranking and the headline keep to them.
"""

from __future__ import annotations

from collections.abc import Callable

from rules.case import Case, Shape
from rules.path import Verdict
from rules.report.model import Contradiction
from rules.snapshot import Outcome
from rules.words import _

_SILENT = (Outcome.TIMEOUT, Outcome.UNREACHABLE, Outcome.STALLED)


def broken(case: Case) -> tuple[Contradiction, ...]:
    """The invariants that the measurements break, the gravest first."""
    checks: tuple[Callable[[Case], Contradiction | None], ...] = (_i1, _i6, _i5, _i7, _i3, _i8)
    found = (check(case) for check in checks)
    return tuple(each for each in found if each is not None)


def _silent(outcome: Outcome | None) -> bool:
    return outcome in _SILENT


def _answered(outcome: Outcome | None) -> bool:
    return outcome in (Outcome.OK, Outcome.REFUSED, Outcome.APP_ERROR)


def _i1(case: Case) -> Contradiction | None:
    """A hostNetwork pod is its node: pod → peer and node → peer are one measurement made twice."""
    node, pod = case.measured("node-peer"), case.measured("pod-peer")
    if (
        case.pod is None
        or not case.pod.host_network
        or not ((_silent(node) and _answered(pod)) or (_answered(node) and _silent(pod)))
    ):
        return None
    return Contradiction(
        "I1",
        _("The node probe and the hostNetwork pod disagree: the measurement is wrong, not the network."),
        (
            _("the two ran on different nodes: the pod was moved meanwhile"),
            _("a proxy is set in the environment of one of them"),
            _("the fault comes and goes: ask both again"),
        ),
    )


def _i5(case: Case) -> Contradiction | None:
    """Somebody admits pods' addresses and not nodes'."""
    if case.measured("pod-peer") is not Outcome.OK or not _silent(case.measured("node-peer")):
        return None
    return Contradiction(
        "I5",
        _(
            "The pod is answered and its node is not: the target admits pods' addresses and not nodes'. "
            "Masquerading would break what works."
        ),
        (
            _("a firewall rule of the target's side names the pod range alone"),
            _("an egress rule of the own side holds back the nodes alone"),
        ),
    )


def _i6(case: Case) -> Contradiction | None:
    """Where neither pod nor node reaches the local address, that address proves nothing."""
    if not (_silent(case.measured("node-local")) and _silent(case.measured("pod-local"))):
        return None
    return Contradiction(
        "I6",
        _("Neither pod nor node reaches the local address: that machine may be down, so it proves nothing."),
        (
            _("the machine is stopped, or nothing listens there: name another one with --local"),
            _("its firewall admits neither"),
        ),
    )


def _i7(case: Case) -> Contradiction | None:
    """A masqueraded packet is the node's packet."""
    decision = case.raw_walk.masquerade if case.raw_walk else None
    node, pod = case.measured("node-peer"), case.measured("pod-peer")
    hops = case.walk.forward if case.walk else ()
    if decision is None or not decision.masqueraded or node is None or pod is None:
        return None
    if any(hop.kind == "policy" and hop.verdict is not Verdict.OK for hop in hops) or _silent(node) == _silent(pod):
        return None
    return Contradiction(
        "I7",
        _(
            "The pod's packets are masqueraded, so pod and node should fare alike, and they do not: suspect a "
            "network policy, a sidecar, an old connection, or rules on the node that differ from the ConfigMap."
        ),
        (
            _("a policy that these APIs do not show, or a service mesh in the pod"),
            _("the node's rules are older than the ConfigMap: read its nat table"),
            _("the node runs out of source ports for this target"),
        ),
    )


def _i3(case: Case) -> Contradiction | None:
    """A refusal crossed both legs; a walk that breaks on the way cannot be right."""
    if case.measured("pod-peer") is not Outcome.REFUSED or not (case.walk and case.walk.breaks):
        return None
    return Contradiction(
        "I3",
        _("A refusal came home although the model breaks the way: for this source both legs work."),
        (
            _("what was read has changed since: read again"),
            _("the refusal comes from nearer than the target: a mesh in the pod, a policy or a Service on the node"),
        ),
    )


def _i8(case: Case) -> Contradiction | None:
    """Subnet ranges of private space always cross an active peering."""
    peering = case.a_to_b
    if case.shape is not Shape.VPC_NATIVE or peering is None or not peering.active or case.walk is None:
        return None
    lost = [hop for hop in case.walk.back if hop.kind == "route" and hop.vpc == case.b and hop.verdict is Verdict.DROP]
    if not lost or case.pod is None or case.walk.source_seen != case.pod.address:
        return None
    return Contradiction(
        "I8",
        _(
            "{b} seems to have no route to {pod}, a private address of a subnet range: those always cross an active "
            "peering."
        ).format(b=case.b, pod=case.pod.address),
        (
            _("the routes of the two sides were read at different times: read again"),
            _("the peering is being deleted or made anew just now"),
        ),
    )
