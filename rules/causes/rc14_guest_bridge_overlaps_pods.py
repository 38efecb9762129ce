"""RC14: a network inside the target's guest, such as Docker's, may hold the pod's address. Guests are unread."""

from __future__ import annotations

from ipaddress import IPv4Network

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, probes_say, some
from rules.causes.crossing import MASQUERADE
from rules.causes.guest import answers_are_lost_inside, lets_through, way_back
from rules.report.model import Status
from rules.words import _

# What common tools take for their bridges unless they are told otherwise (Docker, Compose, libvirt).
USUAL = (
    (IPv4Network("172.17.0.0/16"), "docker0"),
    (IPv4Network("192.168.122.0/24"), "libvirt"),
    (IPv4Network("172.18.0.0/15"), "Docker"),
    (IPv4Network("172.20.0.0/14"), "Docker"),
    (IPv4Network("172.24.0.0/13"), "Docker"),
    (IPv4Network("192.168.0.0/16"), "Docker"),
)


def check(case: Case) -> Finding | None:
    vm, pod = answers_are_lost_inside(case), case.pod
    if vm is None or pod is None or pod.address is None:
        return None
    hit = next(((usual, tool) for usual, tool in USUAL if pod.address in usual), None)
    if hit is None:
        return None
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_(
            "{pod} is in {range}, which {tool} uses inside machines: if {vm} has such a bridge, its answers end there."
        ).format(pod=pod.address, range=hit[0], tool=hit[1], vm=vm.name),
        evidence=some(
            _("{pod} is in {range}, the usual range of {tool}").format(pod=pod.address, range=hit[0], tool=hit[1]),
            lets_through(),
            probes_say(case),
        ),
        remedies=MASQUERADE,
        decides=_("`ip route get {pod}` on {vm}: a bridge such as docker0, or the network").format(
            pod=pod.address, vm=vm.name
        ),
        next=way_back(case, vm, _("Ask {vm} itself where it sends answers to the pod.")),
    )


CAUSE = Cause(
    "RC14",
    lambda: _("A bridge inside the target may hold the pod's address"),
    check,
    rank=44,
    prior=Prior(3, 3, 0, 3),
    by_exclusion=True,
)
