"""Words and marks shared by every way of printing a Report: state is always said by mark and word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from rules.path import Hop, Verdict
from rules.repeats import parse
from rules.report.model import (
    Answer,
    CauseExcluded,
    CauseFound,
    CauseRemaining,
    FixSet,
    MatrixRow,
    Offer,
    Report,
    Role,
    RouteRow,
    Status,
    TestSays,
)
from rules.words import _, plural


@dataclass(frozen=True)
class Glyphs:
    """Single-cell marks of the states, and of lines."""

    good: str
    bad: str
    doubt: str
    idle: str
    arrow: str
    more: str
    rule: str


UNICODE = Glyphs(good="✓", bad="✗", doubt="?", idle="·", arrow="→", more="…", rule="─")
ASCII = Glyphs(good="+", bad="x", doubt="?", idle=".", arrow="->", more="~", rule="-")


def probe_title(probe: str, glyphs: Glyphs) -> str:
    """`pod-peer@node-02` as `pod → peer (from node-02)`."""
    base, _at, manner = probe.partition("@")
    source, _dash, dest = base.partition("-")
    title = f"{source} {glyphs.arrow} {dest}"
    repeat = parse(probe)
    if repeat is None:
        return f"{title} ({manner})" if manner else title
    how = {
        "node": _("from {value}"),
        "namespace": _("from namespace {value}"),
        "try": _("try {value}"),
        "port": _("port {value}"),
        "protocol": _("by {value}"),
        "size": _("{value} bytes"),
        "host": _("by name {value}"),
    }[repeat.kind].format(value=repeat.value)
    return f"{title} ({how})"


def test_result(test: TestSays) -> str:
    """What a connectivity test found on both legs, and whether our walk agrees."""
    legs = _("forward {forward}, return {back}").format(
        forward=test.result or _("not traced"), back=test.return_result or _("not traced")
    )
    verdict = {
        True: _("it agrees with the walk"),
        False: _("it contradicts the walk"),
        None: _("it neither agrees with the walk nor contradicts it"),
    }[test.agrees]
    return f"{test.name}: {legs}; {verdict}." if test.name else f"{legs}; {verdict}."


def ruled_out(report: Report) -> dict[str, tuple[CauseExcluded, ...]]:
    """The excluded causes by what excludes them, in the order of the Report."""
    found: dict[str, tuple[CauseExcluded, ...]] = {}
    for each in report.excluded:
        found[each.why] = (*found.get(each.why, ()), each)
    return found


def still_open(report: Report) -> tuple[tuple[str, tuple[CauseRemaining, ...]], ...]:
    """The remaining causes by what is not known of them, in the order of the Report."""
    found: dict[str, tuple[CauseRemaining, ...]] = {}
    for each in report.remaining:
        found[each.why] = (*found.get(each.why, ()), each)
    return tuple(found.items())


def odd(report: Report) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What does not fit together: sentences, the gravest first, each with its likeliest reasons where known."""
    reasons = {each.sentence: each.reasons for each in report.contradictions}
    said = dict.fromkeys((*reasons, *report.unexplained))
    return tuple((sentence, reasons.get(sentence, ())) for sentence in said)


def row_mark(row: MatrixRow, glyphs: Glyphs) -> str:
    """The mark of a probe by what was seen, or by nothing when it was not run."""
    if row.observed is None:
        return glyphs.idle
    return glyphs.good if row.observed == "ok" else glyphs.bad


def row_note(row: MatrixRow) -> str:
    """What stands behind a probe's two results."""
    if row.agrees is False:
        return _("the model disagrees")
    return ""


def hop_mark(hop: Hop, glyphs: Glyphs, *, behind: bool) -> str:
    """The mark of a hop; `behind` a break only further breaks and doubts keep theirs."""
    if hop.verdict in (Verdict.DROP, Verdict.REJECT):
        return glyphs.bad
    if hop.verdict is Verdict.UNKNOWN:
        return glyphs.doubt
    return glyphs.idle if behind or hop.verdict is Verdict.NOT_REACHED else glyphs.good


def hop_word(hop: Hop, *, behind: bool) -> str:
    """The state of a hop in a word or two."""
    if hop.verdict in (Verdict.DROP, Verdict.REJECT):
        word = _("dropped") if hop.verdict is Verdict.DROP else _("rejected")
        return _("would be {word} too").format(word=word) if behind else word
    if hop.verdict is Verdict.UNKNOWN:
        return _("cannot tell")
    return _("not reached") if behind or hop.verdict is Verdict.NOT_REACHED else _("ok")


def route_word(row: RouteRow) -> str:
    """Why a route row is worth a look: it carries the packet, it is missing, or why it lost."""
    if row.used:
        return _("carries the request") if row.used == "forward" else _("carries the answer")
    if row.ghost:
        return _("MISSING: {why}").format(why=row.why_not) if row.why_not not in (None, "no-match") else _("MISSING")
    return row.why_not or ""


def touches(report: Report, row: RouteRow) -> bool:
    """Whether a route row's destination holds the packet's destination or the answer's."""
    walk = report.walk
    ends = [walk.dest, walk.source_seen] if walk else []
    return any(end is not None and end in IPv4Network(row.dest) for end in ends)


def telling(report: Report, rows: Sequence[RouteRow], most: int) -> tuple[list[RouteRow], int]:
    """At most `most` rows, in their order, those first that say something of this packet; and how many are left out."""

    def place(row: RouteRow) -> tuple[bool, bool, bool]:
        return not row.used, not touches(report, row), not row.ghost

    keep = {id(row) for row in sorted(rows, key=place)[:most]}
    return [row for row in rows if id(row) in keep], max(0, len(rows) - most)


def status_word(status: Status) -> str:
    return {
        Status.CONFIRMED: _("confirmed"),
        Status.LIKELY: _("likely"),
        Status.POSSIBLE: _("possible"),
        Status.LATENT: _("latent"),
    }[status]


def answer_word(answer: Answer) -> str:
    return {
        Answer.REACHABLE: _("REACHABLE"),
        Answer.BROKEN: _("BROKEN"),
        Answer.UNKNOWN: _("CANNOT TELL"),
    }[answer]


def answer_mark(answer: Answer, glyphs: Glyphs) -> str:
    return {Answer.REACHABLE: glyphs.good, Answer.BROKEN: glyphs.bad, Answer.UNKNOWN: glyphs.doubt}[answer]


def met_mark(met: bool | None, glyphs: Glyphs) -> str:
    return glyphs.doubt if met is None else glyphs.good if met else glyphs.bad


def met_word(met: bool | None) -> str:
    return _("cannot tell") if met is None else _("met") if met else _("NOT met")


def offer_word(offer: Offer) -> str:
    """What a remedy promises, in a few words."""
    if offer.role is Role.ADVICE:
        return _("advice")
    if offer.role is Role.HAND_OFF:
        return _("to hand over; enough alone") if offer.complete else _("to hand over")
    if not offer.applicable:
        return _("not applicable")
    if offer.stops:
        return _("would break something else")
    if offer.complete:
        return _("enough alone")
    return _("cannot tell whether it is enough") if offer.predicted == "unknown" else _("not enough alone")


MOST_TOUCHES = 2


def _more(left: int) -> str:
    return "; " + plural("and {count} more", "and {count} more", left) if left > 0 else ""


def set_title(one: FixSet) -> str:
    """A set of remedies by their names."""
    return " + ".join(one.remedies)


def set_facts(one: FixSet) -> tuple[tuple[str, str], ...]:
    """What to compare sets by: who acts, how long it takes, what stops; each a name and a sentence."""
    return (
        (_("who"), ", ".join(one.owners) + (" " + _("(in part to hand over)") if one.hands_off else "")),
        (_("takes effect"), one.effect),
        (_("breaks"), "; ".join(one.stops) or _("nothing that is known")),
        (_("touches"), "; ".join(one.touches[:MOST_TOUCHES]) + _more(len(one.touches) - MOST_TOUCHES)),
    )


def decides(cause: CauseFound) -> str:
    """What would overthrow a cause, or settle it where it is not proven."""
    if cause.status is Status.CONFIRMED:
        return _("It would be falsified by: {decides}").format(decides=cause.decides)
    return _("It would be settled by: {decides}").format(decides=cause.decides)
