"""Three themes of our own. Ok is blue and fail is orange: they stay apart for every kind of colour vision.

The tests hold every text colour to WCAG AA (4.5 : 1) on every surface it is drawn on.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = "wayhome-dark"
LIGHT = "wayhome-light"
CONTRAST = "wayhome-contrast"

# Names of the variables that carry meaning, besides text and background.
MEANING = ("ok", "fail", "doubt", "active", "warn", "quiet")


def _theme(name: str, *, dark: bool, ground: str, raised: str, line: str, text: str, meaning: dict[str, str]) -> Theme:
    select = meaning.pop("select")
    return Theme(
        name=name,
        dark=dark,
        background=ground,
        surface=ground,
        panel=raised,
        foreground=text,
        primary=meaning["active"],
        secondary=meaning["active"],
        accent=meaning["active"],
        success=meaning["ok"],
        warning=meaning["warn"],
        error=meaning["fail"],
        text_alpha=1.0,
        variables={
            **meaning,
            "line": line,
            "raised": raised,
            "select": select,
            "foreground-muted": meaning["quiet"],
            "foreground-disabled": meaning["quiet"],
            "text-muted": meaning["quiet"],
            "text-disabled": meaning["quiet"],
            "border": meaning["active"],
            "border-blurred": line,
            "block-cursor-foreground": text,
            "block-cursor-background": select,
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-foreground": text,
            "block-cursor-blurred-background": select,
            "footer-background": raised,
            "footer-foreground": text,
            "footer-key-foreground": meaning["active"],
            "footer-key-background": raised,
            "footer-description-foreground": text,
            "footer-description-background": raised,
            "footer-item-background": raised,
            "input-cursor-background": text,
            "input-cursor-foreground": ground,
            "input-selection-background": select,
            "scrollbar": line,
            "scrollbar-hover": meaning["quiet"],
            "scrollbar-active": meaning["active"],
            "scrollbar-background": ground,
            "scrollbar-background-hover": ground,
            "scrollbar-background-active": ground,
            "scrollbar-corner-color": ground,
        },
    )


THEMES: tuple[Theme, ...] = (
    _theme(
        DARK,
        dark=True,
        ground="#12161c",
        raised="#1c222b",
        line="#3a4553",
        text="#dde3ea",
        meaning={
            "ok": "#6cb8ff",
            "fail": "#ff9d42",
            "doubt": "#e3dc9b",
            "active": "#8fd3e8",
            "warn": "#f0c674",
            "quiet": "#98a4b3",
            "select": "#2b3747",
        },
    ),
    _theme(
        LIGHT,
        dark=False,
        ground="#fcfbf8",
        raised="#f0eee8",
        line="#b9b4a8",
        text="#1f252c",
        meaning={
            "ok": "#0052a8",
            "fail": "#a33c00",
            "doubt": "#5e5300",
            "active": "#00606e",
            "warn": "#7a4d00",
            "quiet": "#565f6a",
            "select": "#dbe6f3",
        },
    ),
    _theme(
        CONTRAST,
        dark=True,
        ground="#000000",
        raised="#000000",
        line="#ffffff",
        text="#ffffff",
        meaning={
            "ok": "#85caff",
            "fail": "#ffb057",
            "doubt": "#ffffa8",
            "active": "#a6f0ff",
            "warn": "#ffe08a",
            "quiet": "#d6d6d6",
            "select": "#1d3a5c",
        },
    ),
)
