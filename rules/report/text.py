"""The Report as plain text for a terminal, a ticket or a screen reader: no box art, 80 columns unless told."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from rules.path import Hop, Verdict
from rules.report import labels
from rules.report.model import Answer, CauseFound, Offer, Report, Role, RouteRow, Status
from rules.report.plain import cells, pad, plain, wrap
from rules.words import _, plural

SHOWN_ROWS = 12
_STAND_INS = (
    ("→", "->"),
    ("–", "-"),
    ("…", "~"),
    ("⊇", ">="),
    ("’", "'"),
    ("×", "x"),
    ("∈", "in"),
    ("“", '"'),
    ("”", '"'),
)
_COLOURS = {"good": "36", "bad": "1;33", "doubt": "35", "idle": "2", "head": "1"}


def render(report: Report, *, width: int = 80, ascii: bool = False, color: bool = False) -> str:
    """The whole Report in lines of at most `width` cells (commands may be longer: they are there to be copied)."""
    return _Text(report, max(width, 40), ascii=ascii, color=color).whole()


class _Text:
    def __init__(self, report: Report, width: int, *, ascii: bool, color: bool) -> None:
        self.report = report
        self.width = width
        self.glyphs = labels.ASCII if ascii else labels.UNICODE
        self.ascii = ascii
        self.color = color

    def whole(self) -> str:
        sections = (
            self.head(),
            self.matrix(),
            self.lane(_("Request: pod to target"), self.report.forward, behind=False),
            self.lane(_("Answer: target to pod"), self.report.back, behind=self.breaks(self.report.forward)),
            self.masquerade(),
            self.routes(),
            self.causes(),
            self.remaining(),
            self.excluded(),
            self.fixes(),
            self.sets(),
            self.next(),
            self.unknowns(),
            self.closing(),
        )
        return "\n".join("\n".join(lines) for lines in (list(section) for section in sections) if lines) + "\n"

    def plain(self, text: str) -> str:
        """Text from outside or from the catalogue, printable here."""
        text = plain(text)
        if not self.ascii:
            return text
        for mark, stand_in in _STAND_INS:
            text = text.replace(mark, stand_in)
        return text.encode("ascii", "backslashreplace").decode("ascii")

    def paint(self, text: str, tone: str) -> str:
        return f"\x1b[{_COLOURS[tone]}m{text}\x1b[0m" if self.color else text

    def tone(self, mark: str) -> str:
        glyphs = self.glyphs
        return {glyphs.good: "good", glyphs.bad: "bad", glyphs.doubt: "doubt"}.get(mark, "idle")

    def mark(self, mark: str) -> str:
        return self.paint(mark, self.tone(mark))

    def title(self, text: str) -> list[str]:
        return ["", self.paint(text, "head")]

    def item(self, text: str, *, mark: str = "-", indent: int = 2) -> list[str]:
        """One wrapped list item; the mark is coloured after wrapping so that it costs no width."""
        lead = " " * indent
        lines = wrap(self.plain(text), self.width, first=f"{lead}{mark} ", rest=f"{lead}{' ' * (cells(mark) + 1)}")
        lines[0] = lead + self.mark(mark) + lines[0][len(lead) + len(mark) :]
        return lines

    def say(self, text: str, *, indent: int = 2) -> list[str]:
        lead = " " * indent
        return wrap(self.plain(text), self.width, first=lead, rest=lead)

    def command(self, command: str, *, indent: int = 4) -> list[str]:
        """A command as it can be pasted: long ones continue with a backslash between words."""
        lead = " " * indent
        lines = [self.plain(line) for line in command.split("\n")]
        if len(lines) > 1:
            return [lead + line for line in lines]
        return _folded(lines[0], self.width, lead)

    @staticmethod
    def breaks(hops: Iterable[Hop]) -> bool:
        return any(hop.verdict in (Verdict.DROP, Verdict.REJECT) for hop in hops)

    def head(self) -> Iterator[str]:
        report = self.report
        mark = labels.answer_mark(report.answer, self.glyphs)
        word = labels.answer_word(report.answer)
        asked = report.question
        about = f"{asked.pod} {self.glyphs.arrow} {asked.target}" if asked else ""
        yield self.paint(f"{mark} {word}", self.tone(mark)) + (f"  {self.plain(about)}" if about else "")
        yield from self.say(report.headline)

    def matrix(self) -> Iterator[str]:
        yield from self.title(_("Probes"))
        names = [labels.probe_title(self.plain(row.probe), self.glyphs) for row in self.report.matrix]
        first = min(max([cells(name) for name in names], default=0), self.width - 30)
        heads = (pad("", first), pad(_("seen"), 12), pad(_("predicted"), 12))
        yield f"    {heads[0]}  {heads[1]}{heads[2]}".rstrip()
        for name, row in zip(names, self.report.matrix, strict=True):
            mark = self.mark(labels.row_mark(row, self.glyphs))
            seen = row.observed or _("not run")
            note = labels.row_note(row)
            yield f"  {mark} {pad(name, first)}  {pad(seen, 12)}{pad(row.predicted, 12)}{note}".rstrip()
        for sentence, reasons in labels.odd(self.report):
            yield from self.item(sentence, mark="!")
            for reason in reasons:
                yield from self.item(_("perhaps: {reason}").format(reason=reason), indent=4)
        yield from self.connectivity_test()

    def connectivity_test(self) -> Iterator[str]:
        test = self.report.connectivity_test
        if test is None:
            return
        yield from self.title(_("Connectivity Tests"))
        yield from self.say(labels.test_result(test))
        for sentence in test.sentences:
            yield from self.item(sentence)

    def lane(self, title: str, hops: Sequence[Hop], *, behind: bool) -> Iterator[str]:
        if not hops:
            return
        yield from self.title(title)
        for number, hop in enumerate(hops, 1):
            mark = labels.hop_mark(hop, self.glyphs, behind=behind)
            word = labels.hop_word(hop, behind=behind)
            reason = (
                f"  {self.plain(hop.reason)}" if hop.verdict in (Verdict.DROP, Verdict.REJECT) and hop.reason else ""
            )
            place = pad(f"{number:>2} {self.plain(hop.kind)}", 20) + self.plain(hop.at)
            tail = f"{word}{reason}"
            line = f"{place}  {tail}"
            if cells(line) + 4 <= self.width:
                yield f"  {self.mark(mark)} {line}"
            else:
                yield f"  {self.mark(mark)} {self.pad(place, self.width - 4).rstrip()}"
                yield from self.say(tail, indent=7)
            yield from self.say(hop.sentence, indent=7)
            behind = behind or self.breaks([hop])

    def masquerade(self) -> Iterator[str]:
        decision = self.report.masquerade
        if decision is None:
            return
        yield from self.title(_("Whose address the packet wears"))
        verdict = {True: _("masqueraded"), False: _("not masqueraded"), None: _("cannot tell")}[decision.masqueraded]
        source = _("source {address}").format(address=decision.source) if decision.source else _("source not known")
        facts = [verdict, source, decision.reason]
        if decision.range is not None:
            facts.append(_("range {range}").format(range=decision.range))
        yield from self.say(" · ".join(facts) if not self.ascii else ", ".join(facts))
        yield from self.say(decision.sentence)

    def routes(self) -> Iterator[str]:
        for vpc, rows in self.report.routes.items():
            yield from self.title(_("Routes of {vpc}").format(vpc=self.plain(str(vpc))))
            if not rows:
                yield from self.say(_("(none could be read)"))
                continue
            shown, left = labels.telling(self.report, rows, SHOWN_ROWS)
            yield from self.table(shown)
            if left:
                yield from self.say(plural("and {count} more route", "and {count} more routes", left), indent=4)

    def table(self, rows: Sequence[RouteRow]) -> Iterator[str]:
        heads = (_("destination"), _("kind"), _("prio"), _("next hop"))
        cols = [(row.dest, row.kind, str(row.priority), self.plain(row.next_hop)) for row in rows]
        sizes = [2 + max(cells(col[place]) for col in (heads, *cols)) for place in range(4)]
        words = max(cells(labels.route_word(row)) for row in rows)
        beside = self.width - 4 - sum(sizes[:3]) - words >= 12
        sizes[3] = min(sizes[3], self.width - 4 - sum(sizes[:3]) - (words if beside else 0))
        yield "    " + "".join(self.pad(head, size) for head, size in zip(heads, sizes, strict=True)).rstrip()
        for row, col in zip(rows, cols, strict=True):
            mark = self.glyphs.good if row.used else self.glyphs.bad if row.ghost else self.glyphs.idle
            line = "".join(self.pad(text, size - 2) + "  " for text, size in zip(col, sizes, strict=True))
            word = labels.route_word(row)
            yield f"  {self.mark(mark)} {line}{word if beside else ''}".rstrip()
            if word and not beside:
                yield from self.say(word, indent=6)
            if row.ghost and row.sentence and labels.touches(self.report, row):
                yield from self.say(row.sentence, indent=6)

    def pad(self, text: str, size: int) -> str:
        return pad(text, size, mark=self.glyphs.more)

    def causes(self) -> Iterator[str]:
        if not self.report.causes:
            return
        yield from self.title(_("Causes"))
        for cause in self.report.causes:
            yield from self.cause(cause)

    def cause(self, cause: CauseFound) -> Iterator[str]:
        glyphs = self.glyphs
        sure = cause.status in (Status.CONFIRMED, Status.LIKELY)
        mark = glyphs.bad if cause.blocks and sure else glyphs.idle if cause.status is Status.LATENT else glyphs.doubt
        blocks = _("blocks now") if cause.blocks else _("does not block now")
        yield from self.item(f"{cause.id} {cause.title} ({labels.status_word(cause.status)}, {blocks})", mark=mark)
        yield from self.say(cause.sentence, indent=4)
        for fact in cause.evidence:
            yield from self.item(fact, indent=4)
        if cause.decides:
            text = labels.decides(cause)
            yield from self.say(text, indent=4)

    def remaining(self) -> Iterator[str]:
        if not self.report.remaining:
            return
        yield from self.title(_("Still possible"))
        for why, causes in labels.still_open(self.report):
            for cause in causes:
                yield from self.item(f"{cause.id} {cause.title}", mark=self.glyphs.doubt)
            yield from self.say(why, indent=4)

    def excluded(self) -> Iterator[str]:
        if not self.report.excluded:
            return
        yield from self.title(_("Ruled out"))
        for why, causes in labels.ruled_out(self.report).items():
            ids = ", ".join(cause.id for cause in causes)
            yield from self.item(f"{ids}: {why}", mark=self.glyphs.idle)

    def fixes(self) -> Iterator[str]:
        if not self.report.remedies:
            return
        yield from self.title(_("Fixes"))
        for offer in self.report.remedies:
            yield from self.fix(offer)

    def fix(self, offer: Offer) -> Iterator[str]:
        glyphs = self.glyphs
        mark = glyphs.bad if offer.stops else glyphs.good if offer.complete else glyphs.idle
        promise = labels.offer_word(offer)
        owner = _("owner {owner}").format(owner=offer.owner)
        yield from self.item(f"{offer.id}: {offer.title} ({promise}; {owner})", mark=mark)
        for sentence in offer.stops:
            yield from self.item(sentence, mark=glyphs.bad, indent=4)
        predicted = _("Afterwards {probe} is predicted: {outcome}.").format(
            probe=labels.probe_title("pod-peer", glyphs), outcome=offer.predicted
        )
        if offer.role is Role.ADVICE:
            predicted = ""
        yield from self.say(f"{offer.sentence} {predicted}".strip(), indent=4)
        yield from self.whole_fix(offer) if offer.id in self.enough() else self.brief_fix(offer)

    def enough(self) -> set[str]:
        """The remedies that are part of a set which is enough: the only ones worth a page of text each."""
        return {remedy for one in self.report.fix_sets for remedy in one.remedies}

    def brief_fix(self, offer: Offer) -> Iterator[str]:
        """What stands in the way of a remedy that is not enough, and the command that shows the rest."""
        for need in offer.preconditions:
            if need.met is False:
                text = f"{need.sentence} ({labels.met_word(need.met)})"
                yield from self.item(text, mark=labels.met_mark(need.met, self.glyphs), indent=6)
        yield from self.own_command(offer, " --dry-run", indent=6)

    def own_command(self, offer: Offer, end: str, *, indent: int) -> Iterator[str]:
        """What wayhome itself does with a remedy, as one would type it; of an application, followed by `end`."""
        if offer.role is Role.ADVICE or self.report.question is None:
            return
        asked = f"{offer.id} {self.report.question.pod} {shlex.quote(str(self.report.question.target))}"
        handed = offer.role is Role.HAND_OFF
        yield from self.command(f"wayhome handoff {asked}" if handed else f"wayhome apply {asked}{end}", indent=indent)

    def whole_fix(self, offer: Offer) -> Iterator[str]:
        glyphs = self.glyphs
        parts: tuple[tuple[str, Sequence[str]], ...] = (
            (_("changes"), offer.change_sentences),
            (_("also touches"), [line for line in offer.blast_radius if line not in offer.stops]),
            (_("who may do it needs"), offer.permissions),
            (_("takes effect"), (offer.effect,) if offer.effect else ()),
        )
        for name, sentences in parts:
            if sentences:
                yield f"    {name}:"
                for sentence in sentences:
                    yield from self.item(sentence, indent=6)
        if offer.preconditions:
            yield "    " + _("needs:")
            for need in offer.preconditions:
                text = f"{need.sentence} ({labels.met_word(need.met)})"
                yield from self.item(text, mark=labels.met_mark(need.met, glyphs), indent=6)
        typed = ((_("by hand"), offer.commands), (_("to take it back"), offer.undo), (_("to look"), offer.checks))
        for name, commands in typed:
            if commands:
                yield f"    {name}:"
                for command in commands:
                    yield from self.command(command, indent=6)

    def sets(self) -> Iterator[str]:
        """The smallest sets that are enough, each with what there is to compare."""
        if not self.report.fix_sets:
            return
        yield from self.title(_("What is enough, side by side"))
        for one in self.report.fix_sets:
            mark = self.glyphs.bad if one.stops else self.glyphs.good
            yield from self.item(labels.set_title(one), mark=mark)
            for name, sentence in labels.set_facts(one):
                yield from self.say(f"{name}: {sentence}", indent=4)

    def next(self) -> Iterator[str]:
        step = self.report.next
        if step is None:
            return
        yield from self.title(_("Next"))
        yield from self.say(step.sentence)
        if step.command:
            yield from self.command(step.command)

    def closing(self) -> Iterator[str]:
        """The verdict once more, where a terminal's eye rests after a long text, and the first fix that is enough."""
        if self.report.answer is not Answer.BROKEN:
            return
        yield from self.title(_("In short"))
        yield from self.item(self.report.headline, mark=self.glyphs.bad)
        offers = {offer.id: offer for offer in self.report.remedies}
        fit = next((one for one in self.report.fix_sets if not one.stops), None)
        if fit is None or self.report.question is None:
            return
        yield from self.say(_("The fix that touches least; the change is shown, and made after your consent:"))
        for remedy in fit.remedies:
            yield from self.own_command(offers[remedy], "", indent=4)

    def unknowns(self) -> Iterator[str]:
        if not self.report.unknowns:
            return
        yield from self.title(_("Not known"))
        for fact in self.report.unknowns:
            text = f"{fact.what}: {fact.why}" if fact.why else fact.what
            if fact.permission:
                text += " " + _("(permission {permission})").format(permission=fact.permission)
            yield from self.item(text, mark=self.glyphs.doubt)
        granted = dict.fromkeys(fact.grant for fact in self.report.unknowns if fact.grant)
        if granted:
            yield from self.say(_("What would open them, for whoever may grant it:"))
            for command in granted:
                yield from self.command(command)


def _folded(command: str, width: int, lead: str) -> list[str]:
    """A shell command of one line, continued with backslashes where that keeps every word whole."""
    if cells(lead + command) <= width:
        return [lead + command]
    try:
        words = [shlex.quote(word) for word in shlex.split(command)]
    except ValueError:
        return [lead + command]
    if shlex.split(" ".join(words)) != shlex.split(command) or any(mark in command for mark in "|<>;&$`"):
        return [lead + command]
    lines, line = [], lead + words[0]
    for unit in _units(words[1:]):
        if cells(f"{line} {unit} \\") > width:
            lines.append(line + " \\")
            line = f"{lead}  {unit}"
        else:
            line = f"{line} {unit}"
    return [*lines, line]


def _units(words: Sequence[str]) -> list[str]:
    """Words, each option together with its value."""
    units: list[str] = []
    open_option = False
    for word in words:
        if open_option and not word.startswith("-"):
            units[-1] += f" {word}"
            open_option = False
        else:
            units.append(word)
            open_option = word.startswith("-") and word != "--" and "=" not in word
    return units


def one_line(report: Report) -> str:
    """The verdict as one line, for logs and lists."""
    word = {Answer.REACHABLE: "reachable", Answer.BROKEN: "broken", Answer.UNKNOWN: "unknown"}[report.answer]
    return plain(f"{word}: {report.headline}")
