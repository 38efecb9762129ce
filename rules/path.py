"""The vocabulary of a packet's way: decisions, hops, and the whole walk. rules.walk fills these in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from rules.snapshot import Outcome, PodRef, Vpc
from rules.world import Route


class Verdict(StrEnum):
    """What happened to the packet at a hop."""

    OK = "ok"
    DROP = "drop"
    REJECT = "reject"
    UNKNOWN = "unknown"
    NOT_REACHED = "not-reached"


class Leg(StrEnum):
    """Which way the packet travels."""

    FORWARD = "forward"
    RETURN = "return"


class WhyNot(StrEnum):
    """Why a route that one would expect did not carry the packet (contract 3.4)."""

    NOT_EXPORTED = "not-exported"
    NOT_IMPORTED = "not-imported"
    TAGGED = "tagged"
    INTERNET_GATEWAY = "internet-gateway"
    SHADOWED_BY_SUBNET = "shadowed-by-subnet"
    LOWER_PRIORITY = "lower-priority"
    LESS_SPECIFIC = "less-specific"
    PENDING_CONSENSUS = "pending-consensus"
    NOT_TRANSITIVE = "not-transitive"
    PUPI_NOT_IMPORTED = "pupi-not-imported"
    OTHER_PEER = "other-peer"
    NEXT_HOP_DOWN = "next-hop-down"
    PEERING_INACTIVE = "peering-inactive"
    LOCAL_PREFERRED = "local-preferred"
    OTHER_REGION = "other-region"
    NO_MATCH = "no-match"


@dataclass(frozen=True)
class Masquerade:
    """Whose address the packet wears.

    `masqueraded` is None when it cannot be known; `reason` is a Connectivity Tests name
    (DESTINATION_IP_IN_CONFIGURED_NON_MASQUERADE_RANGE …) or MASQUERADED, AUTOPILOT_…, UNKNOWN;
    `range` is the entry that decided, or None; `sentence` says it for a person, `source_of_list` where the list
    came from (`configmap`, `agent-defaults`, `boot-defaults`, `node-nat`, `last-good`).
    """

    masqueraded: bool | None
    source: IPv4Address | None
    reason: str
    sentence: str
    range: IPv4Network | None = None
    list_source: str = ""
    ranges: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """One row of a route table with its fate for one destination. `why_not` None: it carries the packet.

    `ghost` marks a row that should be there and is not (its route is what it would be if it were).
    """

    route: Route
    why_not: WhyNot | None
    sentence: str = ""
    ghost: bool = False


@dataclass(frozen=True)
class Hop:
    """One leg of the way: `at` is `pod NS/NAME`, `node NAME`, `PROJECT/NETWORK` or `vm PROJECT/NAME`; `kind` is
    policy, masquerade, egress-firewall, anti-spoofing, route, peering, ingress-firewall, deliver, beyond (what lies
    behind a tunnel), advertisement (what is told there of this side), unmasquerade; `reason` a Connectivity Tests drop
    cause (NO_ROUTE, FIREWALL_RULE …) or ''; `object` names what decided; `owner` the project whose people can change
    it."""

    leg: Leg
    at: str
    kind: str
    verdict: Verdict
    sentence: str
    reason: str = ""
    object: str = ""
    owner: str = ""
    vpc: Vpc | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Source:
    """Where a packet starts: exactly one of pod, node (its host network) or vm (`PROJECT/NAME`) is set."""

    pod: PodRef | None = None
    node: str = ""
    vm: str = ""


@dataclass(frozen=True)
class Walk:
    """The whole way there and back. `hops` go on behind the first break, with the verdicts they would have had;
    `breaks` are all hops with DROP or REJECT in order. `outcome` is what a probe would see, None when it cannot
    be told. `source_seen` is the source address that the target sees, None when unknown.
    A walk ends at the target's door: whether something listens there is not its business."""

    source: Source
    dest: IPv4Address
    masquerade: Masquerade | None
    source_seen: IPv4Address | None
    forward: tuple[Hop, ...]
    back: tuple[Hop, ...]
    outcome: Outcome | None

    @property
    def hops(self) -> tuple[Hop, ...]:
        return self.forward + self.back

    @property
    def breaks(self) -> tuple[Hop, ...]:
        return tuple(hop for hop in self.hops if hop.verdict in (Verdict.DROP, Verdict.REJECT))

    @property
    def doubts(self) -> tuple[Hop, ...]:
        return tuple(hop for hop in self.hops if hop.verdict is Verdict.UNKNOWN)
