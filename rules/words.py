"""Sentences that people read go through `_`, so that one catalogue translates every room.

English is the source text. Field names, ids, commands and log lines are never translated.
"""

from __future__ import annotations

import gettext
from pathlib import Path

DOMAIN = "wayhome"
LOCALES = Path(__file__).with_name("locale")

_current: gettext.NullTranslations = gettext.NullTranslations()


def use(*languages: str) -> None:
    """Speak the first of `languages` that has a catalogue; English where none has."""
    global _current
    _current = gettext.translation(DOMAIN, LOCALES, languages=list(languages), fallback=True)


def english() -> bool:
    """Whether sentences are left as they were written."""
    return not isinstance(_current, gettext.GNUTranslations)


def _(message: str) -> str:
    """Return `message` in the language in use."""
    return _current.gettext(message)


def N_(message: str) -> str:  # noqa: N802  gettext's own name for it
    """Mark `message` for translation where it is declared; `_` translates it where it is used."""
    return message


def languages() -> tuple[str, ...]:
    """Codes of the languages that wayhome speaks, English first."""
    return ("en", *sorted(path.parent.parent.name for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))


def plural(one: str, many: str, count: int) -> str:
    """Return `one` or `many` by `count`, with `{count}` filled in."""
    return _current.ngettext(one, many, count).format(count=count)
