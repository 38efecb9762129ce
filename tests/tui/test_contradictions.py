"""What does not fit together, on one screen: the sentences, their likeliest reasons, and the next observation made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Static

from rules.report.model import CauseExcluded, CauseRemaining, Contradiction, Next
from rules.snapshot import Outcome, dumps
from tui.app import Start

AGAIN = "pod-peer@try=2"
ODD = "A refusal came home although the model breaks the way [/x]."
REASONS = ("what was read has changed since: read again", "a mesh in the pod")


@pytest.fixture
def strange(house, article):
    """A house where the measurements contradict each other until the pod is asked once more."""

    def evaluate(shot):
        made = article["report"](shot)
        if shot.probe(AGAIN) is not None:
            return made
        return replace(
            made,
            contradictions=(Contradiction("I3", ODD, REASONS),),
            unexplained=(ODD, "pod → peer is refused."),
            excluded=(
                CauseExcluded("RC06", "A subnet", "pod → local was ok", "pod-local"),
                CauseExcluded("RC07", "Another [/x]", "pod → local was ok", "pod-local"),
            ),
            remaining=(CauseRemaining("RC01", "Custom [/x]", "not known: the routes"),),
            next=Next("Ask once more.", "kubectl exec my-pod -- curl", (AGAIN,)),
        )

    house.report = evaluate
    return house


def text_of(app, selector):
    return str(app.screen.query_one(selector, Static).visual)


async def test_a_contradiction_comes_with_its_reasons_and_the_next_observation(strange, settle):
    app = strange.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("a", "2")
        await settle(pilot)
        odd = text_of(app, "#verdict-odd")
        assert odd.count(ODD) == 1
        assert [line.strip() for line in odd.splitlines() if "perhaps" in line] == [
            f"perhaps: {one}" for one in REASONS
        ]
        assert "pod → peer is refused." in odd
        assert "n measures it now" in text_of(app, "#verdict-next")
        order = [part.id for part in app.screen.query("#verdict-page > Static") if part.display]
        assert order.index("verdict-matrix") + 1 == order.index("verdict-odd")
        assert order.index("verdict-next") < order.index("verdict-causes") < order.index("verdict-excluded")
        ruled_out = text_of(app, "#verdict-excluded")
        assert ruled_out.count("pod → local was ok") == 1
        assert "RC07  Another [/x]" in ruled_out
        still_open = text_of(app, "#verdict-remaining")
        assert "RC01  Custom [/x]" in still_open
        assert "not known: the routes" in still_open


async def test_n_makes_the_next_observation_and_judges_again(strange, settle):
    app = strange.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("a", "2")
        await settle(pilot)
        session = strange.sessions[0]
        assert AGAIN not in session.done
        await pilot.press("n")
        await settle(pilot)
        assert session.done.count(AGAIN) == 1
        assert app.screen.case.probes[AGAIN].outcome is Outcome.OK
        assert app.screen.case.report.contradictions == ()
        assert not app.screen.query_one("#verdict-odd", Static).display


async def test_n_connects_again_after_a_cancel(strange, settle):
    app = strange.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("a", "2")
        await settle(pilot)
        app.screen._cancel()
        await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert len(strange.sessions) == 2
        assert strange.sessions[1].done == [AGAIN]


async def test_n_says_why_it_cannot(house, settle, article, tmp_path):
    app = house.app()
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("a", "2")
        await settle(pilot)
        before = list(house.sessions[0].calls)
        await pilot.press("n")
        await settle(pilot)
        assert "cannot make this observation itself" in text_of(app, "#news")
        assert house.sessions[0].calls == before
        await pilot.press("c")
        assert app.clipboard == "gcloud compute routes list --project project-b"
    saved = tmp_path / "case.json"
    saved.write_text(dumps(article["snapshot"]("pod-peer")), encoding="utf-8")
    app = house.app(Start(recording=saved))
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("2", "n")
        await settle(pilot)
        assert "A recording cannot be measured again" in text_of(app, "#news")


async def test_a_recording_offers_the_command_and_no_key(strange, settle, article, tmp_path):
    saved = tmp_path / "case.json"
    saved.write_text(dumps(article["snapshot"]("pod-peer")), encoding="utf-8")
    app = strange.app(Start(recording=saved))
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        shown = text_of(app, "#verdict-next")
        assert "$ kubectl exec my-pod" in shown
        assert "n measures it now" not in shown
