"""The list of fixes: what wayhome applies, what is handed over, what cannot be done now and what is advice, apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

from textual.content import Content

from rules.report.model import FixSet, Offer, Role
from rules.words import _
from tui.glyphs import State, colour, glyph, of_outcome, outcome_word
from tui.plain import fit, plain, width_of


class Group(IntEnum):
    """Who does it, in the order of the list."""

    APPLY = 1
    HAND_OFF = 2
    NOT_NOW = 3
    ADVICE = 4

    @property
    def heading(self) -> str:
        return {
            Group.APPLY: _("wayhome can apply"),
            Group.HAND_OFF: _("to hand over: the message is ready"),
            Group.NOT_NOW: _("not possible as things are"),
            Group.ADVICE: _("advice"),
        }[self]


def group(offer: Offer) -> Group:
    """Where an offer stands in the list."""
    if offer.role is Role.ADVICE:
        return Group.ADVICE
    if offer.role is Role.HAND_OFF:
        return Group.HAND_OFF
    return Group.APPLY if offer.applicable else Group.NOT_NOW


def enough(offer: Offer, sets: Iterable[FixSet]) -> tuple[State, str]:
    """Whether an offer is enough, alone or with others, in a word or two."""
    if offer.role is Role.ADVICE:
        return State.IDLE, ""
    if offer.stops:
        return State.FAIL, _("breaks {count}").format(count=len(offer.stops))
    if offer.complete:
        return State.OK, _("alone")
    if offer.predicted != "ok" and any(row.probe == "pod-proxy" and row.predicted == "ok" for row in offer.matrix):
        return State.WARN, _("another way")
    for one in sets:
        others = [name for name in one.remedies if name != offer.id]
        if offer.id in one.remedies and others:
            return State.WARN, _("with {others}").format(others=" + ".join(others))
    return (State.DOUBT, _("cannot tell")) if offer.predicted == "unknown" else (State.IDLE, _("no"))


def rows(
    offers: Sequence[Offer], sets: Sequence[FixSet], selected: int, width: int, *, ascii: bool
) -> list[tuple[int | None, Content]]:
    """The list in `width` cells: each line with the number of its offer, None for a heading."""
    words = ["–" if offer.role is Role.ADVICE else outcome_word(offer.predicted) for offer in offers]
    states = [of_outcome(None if offer.role is Role.ADVICE else offer.predicted) for offer in offers]
    fits = [enough(offer, sets) for offer in offers]
    heads = (_("pod → peer"), _("enough?"), _("owner"))
    if ascii:
        heads, words = (heads[0].replace("→", "->"), *heads[1:]), [word.replace("–", "-") for word in words]
    outcome = widest([heads[0], *("  " + word for word in words)])
    alone = min(widest([heads[1], *(word for _state, word in fits)]), max(width // 4, 10))
    room = width - outcome - alone - 9
    owner = min(widest([heads[2], *(offer.owner for offer in offers)]), max(room // 2, 8))
    names = [plain(offer.title) for offer in offers]
    if widest(names) > room - owner:
        # Titles that begin alike would be cut to the same words; the remedies' names differ.
        names = [plain(offer.id) for offer in offers]
    name = min(widest(names), max(room - owner, 18))
    owner = max(room - name, 8)
    found: list[tuple[int | None, Content]] = []
    before: Group | None = None
    for number, offer in enumerate(offers):
        if group(offer) is not before:
            heading = group(offer).heading
            if before is None:
                heading = "  ".join((fit(heading, name + 3), fit(heads[0], outcome), fit(heads[1], alone), heads[2]))
            found.append((None, Content.styled(fit(heading, width).rstrip(), "$active")))
            before = group(offer)
        here = number == selected
        state, word = fits[number]
        line = Content.assemble(
            ((">" if ascii else "▌") if here else " ", "$active"),
            f"{number + 1} ",
            (fit(names[number], name), "bold" if here else ""),
            "  ",
            (fit(f"{glyph(states[number], ascii=ascii)} {words[number]}", outcome), colour(states[number])),
            "  ",
            (fit(word, alone), colour(state)),
            "  ",
            fit(plain(offer.owner), owner).rstrip(),
        )
        found.append((number, line))
    return found


def widest(texts: Iterable[str]) -> int:
    """Cells of the widest of `texts`."""
    return max(width_of(plain(text)) for text in texts)
