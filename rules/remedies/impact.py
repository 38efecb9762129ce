"""What a changed world does to everybody else: the same ways walked before and after, one for each kind of sender."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from rules.case import Case
from rules.remedies import kinds
from rules.remedies.kinds import MOST_SENDERS, MOST_TARGETS, Place, Sender
from rules.snapshot import Outcome, Target
from rules.words import _, plural

MOST = 8


@dataclass(frozen=True)
class Way:
    """From one kind of sender to one kind of target."""

    sender: Sender
    place: Place


@dataclass(frozen=True)
class Impact:
    """Ways that stop, that may stop (it cannot be told), and that open; how many were walked, and how many kinds of
    senders and targets were not asked because there are too many."""

    stops: tuple[Way, ...]
    doubtful: tuple[Way, ...]
    opens: tuple[Way, ...]
    walked: int
    left_out: int

    @property
    def stopping(self) -> tuple[str, ...]:
        """What stops, one sentence for each kind of sender."""
        return tuple(
            _("STOPS WORKING: {who} no longer reach {places}").format(who=who, places=few(places))
            for who, places in _by_sender(self.stops)
        )

    @property
    def touching(self) -> tuple[str, ...]:
        """What else is touched, or not known to be."""
        sentences = [
            _("cannot be told: whether {who} still reach {places}").format(who=who, places=few(places))
            for who, places in _by_sender(self.doubtful)
        ]
        sentences += [
            _("opens as well: {who} reach {places} from then on").format(who=who, places=few(places))
            for who, places in _by_sender(self.opens)
        ]
        if self.left_out:
            sentences.append(
                plural(
                    "{count} more kind of sender or machine was not looked at; the largest were",
                    "{count} more kinds of senders or machines were not looked at; the largest were",
                    self.left_out,
                )
            )
        return tuple(sentences)


def impact(case: Case, then: Case) -> Impact:
    """Hold the two worlds against each other, on the question's own port, for all that is known but the question."""
    same_land = case.world.networks is then.world.networks and case.world.instances is then.world.instances
    near = kinds.neighbourhood(case.world, (case.a, case.b))
    edges = _edges(case, then)
    pods = kinds.pods(case.world, frozenset(vpc for vpc in (case.a, case.b) if vpc is not None))
    senders: list[Sender] = list(pods[:MOST_SENDERS])
    known = len(pods)
    if not same_land:
        machines = kinds.machines(case.world, near)
        senders += machines[:MOST_SENDERS]
        known += len(machines)
    places = kinds.places(case.world, near, edges)
    shown = places[:MOST_TARGETS]
    found: dict[str, list[Way]] = {"stops": [], "doubtful": [], "opens": []}
    walked = 0
    for sender in senders:
        for place in (*shown, *(_pods_as_places(case, senders) if not same_land else ())):
            if _itself(sender, place) or (place.address == str(case.dest) and sender.source.pod == case.question.pod):
                continue  # the question's own way is predicted in full
            walked += 1
            way = _changed(case, then, sender, place)
            if way is not None:
                found[way].append(Way(sender, place))
    left = known - len(senders) + len(places) - len(shown)
    return Impact(tuple(found["stops"]), tuple(found["doubtful"]), tuple(found["opens"]), walked, left)


def _changed(case: Case, then: Case, sender: Sender, place: Place) -> str | None:
    asked = case.question.target
    target = Target(place.address, asked.port, asked.protocol)
    before, after = case.way(sender.source, target).outcome, then.way(sender.source, target).outcome
    if before == after:
        return None
    if before is Outcome.OK:
        return "doubtful" if after is None else "stops"
    shut = before in (Outcome.TIMEOUT, Outcome.UNREACHABLE)
    return "opens" if shut and after is Outcome.OK and place.address != str(case.dest) else None


def _pods_as_places(case: Case, senders: Iterable[Sender]) -> list[Place]:
    found = []
    for sender in senders:
        pod = (case.world.pods or {}).get(sender.source.pod) if sender.source.pod else None
        if pod is not None and pod.address is not None:
            found.append(Place(str(pod.address), sender.name, 1))
    return found


def _itself(sender: Sender, place: Place) -> bool:
    return sender.source.vm == place.name or sender.name == place.name


def _edges(case: Case, then: Case) -> tuple[IPv4Network, ...]:
    """The ranges of either list that cut a subnet in two."""
    ranges: set[IPv4Network] = set()
    for each in (case.masquerade, then.masquerade):
        ranges |= set(each.ranges) if each is not None else set()
    lengths = [
        entry.prefixlen
        for network in case.world.networks.values()
        for subnet in network.subnets or ()
        for entry in subnet.ranges
    ]
    shortest = min(lengths, default=32)
    return tuple(sorted(entry for entry in ranges if entry.prefixlen > shortest))


def _by_sender(ways: Iterable[Way]) -> list[tuple[str, list[str]]]:
    """Targets by the sentence for who loses or gains them; senders with the same targets are named together."""
    targets: dict[str, list[str]] = {}
    for way in ways:
        targets.setdefault(way.sender.name, []).append(way.place.said)
    together: dict[tuple[str, ...], list[str]] = {}
    for who, places in targets.items():
        together.setdefault(tuple(places), []).append(who)
    return [(few(names), list(places)) for places, names in together.items()]


def few(names: Sequence[str]) -> str:
    """The first of `names`, and how many more there are."""
    shown = ", ".join(names[:MOST])
    left = len(names) - MOST
    return shown if left <= 0 else shown + " " + plural("and {count} more", "and {count} more", left)
