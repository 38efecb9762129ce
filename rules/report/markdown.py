"""The Report as Markdown, for a ticket or a message to the peer's administrator."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rules.path import Hop, Verdict
from rules.report import labels
from rules.report.model import Offer, Report
from rules.report.plain import plain
from rules.words import _, plural

SHOWN_ROWS = 40
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def _head(title: str) -> str:
    return f"## {title}"


def _row(*cells: str) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def render(report: Report) -> str:
    """The whole Report as CommonMark with tables; everything from outside is escaped."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def escape(text: str) -> str:
    """`text` as Markdown that shows exactly it."""
    return _SPECIAL.sub(r"\\\1", plain(text))


def code(text: str) -> str:
    """`text` as inline code, whatever backticks are in it."""
    text = plain(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{gap}{text}{gap}{fence}" if text else ""


def block(text: str) -> list[str]:
    """`text` as a fenced code block, its own line breaks kept."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return [f"{fence}sh", *[plain(line) for line in text.split("\n")], fence]


def _lines(report: Report) -> Iterator[str]:
    glyphs = labels.UNICODE
    asked = report.question
    about = f": {code(f'{asked.pod} → {asked.target}')}" if asked else ""
    yield f"# {labels.answer_mark(report.answer, glyphs)} {labels.answer_word(report.answer)}{about}"
    yield ""
    yield escape(report.headline)
    yield from _matrix(report)
    yield from _lane(_("Request: pod to target"), report.forward, behind=False)
    behind = any(hop.verdict in (Verdict.DROP, Verdict.REJECT) for hop in report.forward)
    yield from _lane(_("Answer: target to pod"), report.back, behind=behind)
    yield from _masquerade(report)
    yield from _routes(report)
    yield from _causes(report)
    yield from _remaining(report)
    yield from _excluded(report)
    yield from _fixes(report)
    yield from _sets(report)
    yield from _rest(report)


def _matrix(report: Report) -> Iterator[str]:
    yield from ("", _head(_("Probes")), "")
    yield _row(_("probe"), _("seen"), _("predicted"), _("command"))
    yield "|---|---|---|---|"
    for row in report.matrix:
        title = f"{labels.row_mark(row, labels.UNICODE)} {escape(labels.probe_title(row.probe, labels.UNICODE))}"
        note = labels.row_note(row)
        predicted = f"{row.predicted} ({note})" if note else row.predicted
        via = code(row.via).replace("|", "\\|")
        yield _row(title, row.observed or _("not run"), predicted, via)
    strange = labels.odd(report)
    if strange:
        yield ""
        for sentence, reasons in strange:
            yield f"- {escape(sentence)}"
            for reason in reasons:
                yield "  - " + escape(_("perhaps: {reason}").format(reason=reason))
    test = report.connectivity_test
    if test is not None:
        yield from ("", _head(_("Connectivity Tests")), "", escape(labels.test_result(test)), "")
        for sentence in test.sentences:
            yield f"- {escape(sentence)}"


def _lane(title: str, hops: tuple[Hop, ...], *, behind: bool) -> Iterator[str]:
    if not hops:
        return
    yield from ("", f"## {title}", "")
    for number, hop in enumerate(hops, 1):
        mark = labels.hop_mark(hop, labels.UNICODE, behind=behind)
        word = labels.hop_word(hop, behind=behind)
        reason = f" {code(hop.reason)}" if hop.reason else ""
        yield f"{number}. {mark} **{escape(hop.kind)}** {code(hop.at)} {word}{reason}: {escape(hop.sentence)}"
        behind = behind or hop.verdict in (Verdict.DROP, Verdict.REJECT)


def _masquerade(report: Report) -> Iterator[str]:
    decision = report.masquerade
    if decision is None:
        return
    yield from ("", _head(_("Whose address the packet wears")), "")
    verdict = {True: _("masqueraded"), False: _("not masqueraded"), None: _("cannot tell")}[decision.masqueraded]
    range_ = f" {code(str(decision.range))}" if decision.range else ""
    yield f"**{verdict}**, {code(decision.reason)}{range_}: {escape(decision.sentence)}"


def _routes(report: Report) -> Iterator[str]:
    for vpc, rows in report.routes.items():
        yield from ("", _head(_("Routes of {vpc}").format(vpc=escape(str(vpc)))), "")
        if not rows:
            yield _("(none could be read)")
            continue
        yield _row("", _("destination"), _("kind"), _("prio"), _("next hop"), "")
        yield "|---|---|---|---|---|---|"
        shown, left = labels.telling(report, rows, SHOWN_ROWS)
        for row in shown:
            mark = "✓" if row.used else "✗" if row.ghost else ""
            hop = escape(row.next_hop)
            yield f"| {mark} | {row.dest} | {row.kind} | {row.priority} | {hop} | {labels.route_word(row)} |"
        if left:
            yield ""
            yield plural("and {count} more route", "and {count} more routes", left)


def _causes(report: Report) -> Iterator[str]:
    if not report.causes:
        return
    yield from ("", _head(_("Causes")))
    for cause in report.causes:
        blocks = _("blocks now") if cause.blocks else _("does not block now")
        yield from ("", f"### {cause.id} {escape(cause.title)} ({labels.status_word(cause.status)}, {blocks})", "")
        yield escape(cause.sentence)
        if cause.evidence:
            yield ""
            for fact in cause.evidence:
                yield f"- {escape(fact)}"
        if cause.decides:
            yield from ("", escape(labels.decides(cause)))


def _remaining(report: Report) -> Iterator[str]:
    if not report.remaining:
        return
    yield from ("", _head(_("Still possible")), "")
    for why, causes in labels.still_open(report):
        yield f"- {'; '.join(escape(f'{cause.id} {cause.title}') for cause in causes)}: {escape(why)}"


def _excluded(report: Report) -> Iterator[str]:
    if not report.excluded:
        return
    yield from ("", _head(_("Ruled out")), "")
    for why, causes in labels.ruled_out(report).items():
        yield f"- {', '.join(escape(cause.id) for cause in causes)}: {escape(why)}"


def _fixes(report: Report) -> Iterator[str]:
    if not report.remedies:
        return
    yield from ("", _head(_("Fixes")))
    for offer in report.remedies:
        yield from _fix(offer)


def _fix(offer: Offer) -> Iterator[str]:
    owner = _("owner {owner}").format(owner=escape(offer.owner))
    yield from ("", f"### {escape(offer.title)} ({labels.offer_word(offer)}; {owner})", "", escape(offer.sentence))
    parts = (
        (_("Changes"), offer.change_sentences),
        (_("Also touches"), offer.blast_radius),
        (_("Who may do it needs"), offer.permissions),
        (_("Takes effect"), (offer.effect,) if offer.effect else ()),
    )
    for name, sentences in parts:
        if sentences:
            yield from ("", f"{name}:", "")
            for sentence in sentences:
                yield f"- {escape(sentence)}"
    if offer.preconditions:
        yield from ("", _("Needs:"), "")
        for need in offer.preconditions:
            mark = labels.met_mark(need.met, labels.UNICODE)
            yield f"- {mark} {escape(need.sentence)} ({labels.met_word(need.met)})"
    typed = ((_("By hand"), offer.commands), (_("To take it back"), offer.undo), (_("To look"), offer.checks))
    for name, commands in typed:
        if commands:
            yield from ("", f"{name}:", "")
            yield from block("\n".join(commands))


def _sets(report: Report) -> Iterator[str]:
    if not report.fix_sets:
        return
    yield from ("", _head(_("What is enough, side by side")), "")
    yield _row(_("fixes"), _("who"), _("takes effect"), _("breaks"), _("touches"))
    yield "|---|---|---|---|---|"
    for one in report.fix_sets:
        facts = " | ".join(escape(sentence) for _name, sentence in labels.set_facts(one))
        yield f"| {escape(labels.set_title(one))} | {facts} |"


def _rest(report: Report) -> Iterator[str]:
    if report.next is not None:
        yield from ("", _head(_("Next")), "", escape(report.next.sentence))
        if report.next.command:
            yield from ("", *block(report.next.command))
    if report.unknowns:
        yield from ("", _head(_("Not known")), "")
        for fact in report.unknowns:
            why = f": {escape(fact.why)}" if fact.why else ""
            needs = f" ({code(fact.permission)})" if fact.permission else ""
            yield f"- {escape(fact.what)}{why}{needs}"
        granted = dict.fromkeys(fact.grant for fact in report.unknowns if fact.grant)
        if granted:
            yield from ("", _("What would open them, for whoever may grant it:"), "")
            yield from block("\n".join(granted))
