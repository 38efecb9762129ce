"""The answer as data, shaped as contract 3.4 (`wayhome.report/1`). Screen, text and JSON all print this."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.path import Hop, Masquerade, Walk
from rules.snapshot import Json, Question, Vpc

SCHEMA = "wayhome.report/1"


class Answer(StrEnum):
    """The verdict in one word."""

    REACHABLE = "reachable"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """How sure a cause is: proven by evidence, likely, not excluded, or not blocking yet."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    LATENT = "latent"


@dataclass(frozen=True)
class Broken:
    """The first broken leg: direction forward or return, Connectivity Tests reason, `vpc` or `place` where, owner."""

    direction: str
    reason: str
    vpc: Vpc | None
    place: str
    owner: str


@dataclass(frozen=True)
class MatrixRow:
    """One probe: what was seen (None when not run), what the model predicts (or `unknown`), do they agree;
    `via` is the command a person would type, or ''."""

    probe: str
    observed: str | None
    predicted: str
    agrees: bool | None
    via: str = ""


@dataclass(frozen=True)
class RouteRow:
    """One row of a route table as shown. `used` is forward, return or ''; `ghost` rows should be there and are not."""

    dest: str
    kind: str
    next_hop: str
    priority: int
    used: str
    why_not: str | None
    sentence: str = ""
    name: str = ""
    object: str = ""
    ghost: bool = False


@dataclass(frozen=True)
class CauseFound:
    """A cause that the evidence supports. `sentence` quotes the deciding fields, `decides` what would settle it."""

    id: str
    title: str
    status: Status
    blocks: bool
    sentence: str
    evidence: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    decides: str = ""


@dataclass(frozen=True)
class Contradiction:
    """Measurements that cannot all be so. `rule` names the invariant (I1 to I8), `reasons` are the likeliest ones."""

    rule: str
    sentence: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class TestSays:
    """A result of Connectivity Tests: the forward and the return `result` (or ''), whether that `agrees` with our walk
    (None when it cannot be told), and what it says in `sentences`."""

    __test__ = False

    name: str
    result: str
    return_result: str
    agrees: bool | None
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class CauseExcluded:
    """A cause that is ruled out: `why` in one sentence, `probe` the measurement that contradicts it, or ''."""

    id: str
    title: str
    why: str
    probe: str = ""


@dataclass(frozen=True)
class CauseRemaining:
    """A cause that nothing rules out and that nothing shows: `why` says what is not known of it."""

    id: str
    title: str
    why: str


@dataclass(frozen=True)
class Change:
    """One object that a remedy changes, as data.

    `system` is kubernetes or compute; `kind` ConfigMap, DaemonSet, EgressNATPolicy or peering; `key` finds the
    object: namespace and name, name alone, or project, network and peering; `before` None means it is absent, `after`
    None that it will be deleted. For a peering, `before` and `after` hold only the fields that change.
    """

    system: str
    kind: str
    key: Json
    owner: str
    before: Json | None
    after: Json | None


@dataclass(frozen=True)
class Precondition:
    """Something a remedy needs; `met` None when it cannot be known."""

    sentence: str
    met: bool | None


class Role(StrEnum):
    """What wayhome does with a remedy: makes the change itself, hands it over to who may, or only describes it."""

    APPLY = "apply"
    HAND_OFF = "hand-off"
    ADVICE = "advice"


@dataclass(frozen=True)
class Document:
    """A file that a remedy needs, whole: its name and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class Offer:
    """A remedy for this world. `predicted` is what pod-peer would do afterwards; `complete` whether it is enough
    alone and stops nothing that works; `matrix` the whole prediction; `applicable` False when wayhome does not make
    the change itself (`sentence` says why).

    `stops` are sentences on ways that work and would not afterwards; they lead `blast_radius` as well. `permissions`
    are what its owner needs, `effect` how long it takes to be in force. `expected_before` and `expected_after` are
    what the owner sees on their own side (commands to look with are among `checks`).
    """

    id: str
    title: str
    sentence: str
    complete: bool
    applicable: bool
    owner: str
    predicted: str
    matrix: tuple[MatrixRow, ...]
    changes: tuple[Change, ...]
    change_sentences: tuple[str, ...]
    blast_radius: tuple[str, ...]
    preconditions: tuple[Precondition, ...]
    commands: tuple[str, ...]
    undo: tuple[str, ...] = ()
    role: Role = Role.APPLY
    stops: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    effect: str = ""
    documents: tuple[Document, ...] = ()
    checks: tuple[str, ...] = ()
    expected_before: tuple[str, ...] = ()
    expected_after: tuple[str, ...] = ()


@dataclass(frozen=True)
class FixSet:
    """Remedies that bring the packet home together, none of them too many; in the order in which they take effect.

    `owners` are the projects whose people have to act, `stops` and `touches` what the whole set does to others, as in
    an Offer; `effect` is that of its slowest part. `hands_off` tells that part of it is for somebody else to do.
    """

    remedies: tuple[str, ...]
    owners: tuple[str, ...]
    predicted: str
    stops: tuple[str, ...]
    touches: tuple[str, ...]
    effect: str
    hands_off: bool


@dataclass(frozen=True)
class Next:
    """The cheapest observation that would settle what is open.

    `command` is what a person would type; `probes` are the ids of the probes that wayhome can run for it, if any.
    """

    sentence: str
    command: str
    probes: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnknownFact:
    """Something that could not be read or measured, the permission that would open it, and the command that grants
    that."""

    what: str
    why: str
    permission: str = ""
    grant: str = ""


@dataclass(frozen=True)
class Report:
    """Everything wayhome says about one question.

    `unexplained` are sentences on measurements that contradict the model or each other.
    """

    answer: Answer
    headline: str
    broken: Broken | None
    matrix: tuple[MatrixRow, ...]
    masquerade: Masquerade | None
    walk: Walk | None
    routes: dict[Vpc, tuple[RouteRow, ...]]
    causes: tuple[CauseFound, ...]
    remedies: tuple[Offer, ...]
    next: Next | None
    unknowns: tuple[UnknownFact, ...]
    unexplained: tuple[str, ...] = ()
    excluded: tuple[CauseExcluded, ...] = ()
    remaining: tuple[CauseRemaining, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    connectivity_test: TestSays | None = None
    question: Question | None = None
    taken_at: str = ""
    fix_sets: tuple[FixSet, ...] = ()

    @property
    def forward(self) -> tuple[Hop, ...]:
        return self.walk.forward if self.walk else ()

    @property
    def back(self) -> tuple[Hop, ...]:
        return self.walk.back if self.walk else ()
