"""Our themes can be read: WCAG 2.x AA contrast (4.5 : 1), and ok stays apart from fail without red-green vision."""

from __future__ import annotations

import pytest

from tui import themes
from tui.glyphs import LOOKS, State

# Machado, Oliveira and Fernandes 2009, deuteranopia at severity 1.0, on linear RGB.
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))


def linear(colour: str) -> list[float]:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as a deuteranope sees it."""
    rgb = [sum(f * c for f, c in zip(row, linear(colour), strict=True)) for row in DEUTERANOPIA]
    red, green, blue = (min(max(c, 0.0), 1.0) for c in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: str, other: str) -> float:
    """CIE76 colour difference for a deuteranope."""
    return sum((a - b) ** 2 for a, b in zip(seen(one), seen(other), strict=True)) ** 0.5


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["background", "raised", "select"])
def test_every_text_colour_has_aa_contrast_on_every_ground(theme, ground):
    under = theme.background if ground == "background" else theme.variables[ground]
    colours = {"text": theme.foreground, **{name: theme.variables[name] for name in themes.MEANING}}
    poor = {
        name: round(contrast(colour, under), 2) for name, colour in colours.items() if contrast(colour, under) < 4.5
    }
    assert poor == {}


def test_the_contrast_formula_agrees_with_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
def test_ok_and_fail_stay_apart_under_deuteranopia(theme):
    assert distance(theme.variables["ok"], theme.variables["fail"]) > 50


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
def test_doubt_stays_apart_from_ok_under_deuteranopia(theme):
    assert distance(theme.variables["ok"], theme.variables["doubt"]) > 30


def test_every_state_is_told_by_its_glyph_alone():
    assert len({look.glyph for look in LOOKS.values()}) == len(State)
    assert len({look.ascii for look in LOOKS.values()}) == len(State)
    assert all(look.ascii.isascii() for look in LOOKS.values())
    assert {look.colour.removeprefix("$") for look in LOOKS.values()} <= set(themes.MEANING)
