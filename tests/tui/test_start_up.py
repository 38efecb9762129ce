"""What the first frame waits for, and that no terminal needs to be more than it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("google", "kubernetes", "networkx", "aiohttp", "requests", "yaml", "probes.session", "rules.evaluate")


def test_the_start_screen_imports_no_client_no_lab_and_no_rules():
    code = "import sys, tui.cli.app, tui.app, tui.rooms, tui.screens.start; print(*sys.modules, sep='\\n')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in (*HEAVY, "rules.report.model", "rules.causes") if name in found] == []


def test_a_diagnosis_is_asked_for_before_the_rules_are_loaded():
    """They are loaded while the cluster is asked."""
    code = "import sys, tui.cli.diagnose; print(*sys.modules, sep='\\n')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in (*HEAVY, "rules.report.model", "rules.causes", "rules.walk") if name in found] == []


def test_the_case_screen_imports_no_client():
    code = "import sys, tui.screens.case; print(*sys.modules, sep='\\n')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in HEAVY if name in found] == []


@pytest.mark.parametrize(
    ("encoding", "asked", "expected"),
    [("utf-8", "", False), ("UTF-8", "0", False), ("utf-8", "1", True), ("latin-1", "", True), ("ascii", "", True)],
)
def test_a_terminal_that_is_not_utf8_gets_ascii(monkeypatch, encoding, asked, expected):
    from types import SimpleNamespace

    from tui.glyphs import ascii_only

    monkeypatch.setattr(sys, "__stderr__", SimpleNamespace(encoding=encoding))
    monkeypatch.setenv("WAYHOME_ASCII", asked)
    assert ascii_only() is expected
    assert ascii_only(SimpleNamespace(encoding=encoding)) is expected


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ({}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # as Python leaves it behind
        ({"LANG": "C", "LC_CTYPE": "ja_JP.UTF-8"}, False),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "POSIX"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, False),
    ],
)
def test_who_chose_the_c_locale_gets_ascii(monkeypatch, locale, expected):
    from tui.glyphs import ascii_only

    for name in ("LANG", "LC_ALL", "LC_CTYPE", "WAYHOME_ASCII"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    assert ascii_only() is expected


async def test_no_color_is_obeyed(house, settle, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = house.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.no_color
        assert "✗" not in str(app.screen.case.probes)
        await pilot.press("a")
        await settle(pilot)
        assert app.screen.case.word() == "broken: return leg"


def test_an_unknown_theme_is_the_dark_one(monkeypatch):
    from tui.app import chosen_theme

    monkeypatch.setenv("WAYHOME_THEME", "[/x]")
    assert chosen_theme() == "wayhome-dark"
    monkeypatch.setenv("WAYHOME_THEME", "light")
    assert chosen_theme() == "wayhome-light"
