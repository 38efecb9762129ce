"""One fix in full: what it would break, what it promises, who may do it, how long it takes, what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.content import Content

from rules.report.model import Offer, Role
from rules.words import _
from tui import steps
from tui.folding import wrap
from tui.glyphs import State, colour, glyph, of_outcome, outcome_word
from tui.plain import content, fit, plain
from tui.views.base import shown
from tui.views.fix_list import Group, group, widest

MET = {True: State.OK, False: State.FAIL, None: State.DOUBT}


def parts(offer: Offer, seen: Mapping[str, str | None], message: str, width: int, *, ascii: bool) -> list[Content]:
    """The lines of the detail. `seen` are the outcomes measured; `message` what there is to hand over, or ''."""

    def sign(state: State, text: str, style: str = "") -> Content:
        return Content.assemble((f"{glyph(state, ascii=ascii)} ", colour(state)), content(text, style))

    found = [Content.assemble((plain(offer.title), "bold"), ("  " + plain(offer.id), "$quiet"))]
    found += [sign(State.FAIL, line, "$fail") for line in offer.stops]
    found.append(content(offer.sentence))
    does = _does(offer, message)
    if does:
        found.append(sign(State.WARN, does))
    found += _facts(offer, width)
    if offer.role is not Role.ADVICE:
        found += _predicted(offer, seen, ascii=ascii)
    found += _section(_("What its owner sees"), _owners_eyes(offer))
    found += _section(_("Needs"), [sign(MET[need.met], need.sentence) for need in offer.preconditions])
    touches = [line for line in offer.blast_radius if line not in offer.stops]
    found += _section(_("Touches"), map(content, touches))
    found += _section(_("Changes"), map(content, offer.change_sentences))
    found += _section(_("By hand"), map(_command, offer.commands))
    found += _section(_("Undo"), map(_command, offer.undo))
    return found


def _does(offer: Offer, message: str) -> str:
    """What wayhome does about it, where that is not simply to apply it."""
    where = group(offer)
    if where is Group.ADVICE:
        return _("Advice: wayhome only describes this.")
    if where is Group.NOT_NOW:
        return _("wayhome does not make this change as things are; c copies the commands.")
    if not message:
        return ""
    keys = _("m opens {message}, c copies it, w writes it.").format(message=plain(message))
    if where is Group.APPLY:
        return _("Another side has a part in this:") + " " + keys
    return keys + "".join(" " + _("w writes {name} too.").format(name=plain(one.name)) for one in offer.documents)


def _facts(offer: Offer, width: int) -> list[Content]:
    rows = [
        (_("who"), (offer.owner,)),
        (_("takes effect"), (offer.effect,) if offer.effect else ()),
        (_("needs rights"), offer.permissions),
    ]
    side = widest([name for name, _texts in rows])
    return [
        Content.assemble((fit(name if number == 0 else "", side) + "  ", "$quiet"), text)
        for name, texts in rows
        for number, text in enumerate(piece for text in texts for piece in wrap(text, width - side - 2))
    ]


def _predicted(offer: Offer, seen: Mapping[str, str | None], *, ascii: bool) -> list[Content]:
    found = []
    for row in shown(offer.matrix):
        before, after = seen.get(row.probe), row.predicted
        cells = [(fit(steps.name(row.probe), 18), "")]
        for outcome in (before, after):
            state = of_outcome(outcome)
            cells.append((fit(f"{glyph(state, ascii=ascii)} {outcome_word(outcome)}", 18), colour(state)))
        found.append(Content.assemble(*cells))
    if not found:
        return []
    head = (fit("  " + _("now"), 18) + "  " + _("afterwards"), "$quiet")
    return [Content(), Content.assemble((fit(_("Predicted"), 18), "$active"), head), *found]


def _owners_eyes(offer: Offer) -> list[Content]:
    found = [_command(one) for one in offer.checks]
    for name, texts in ((_("before: "), offer.expected_before), (_("after: "), offer.expected_after)):
        found += [Content.assemble((name, "$quiet"), content(text)) for text in texts]
    return found


def _command(text: str) -> Content:
    return Content.assemble(("$ ", "$active"), content(text))


def _section(title: str, rows: Sequence[Content] | Iterable[Content]) -> list[Content]:
    held = list(rows)
    return [Content(), Content.styled(title, "$active"), *held] if held else []
