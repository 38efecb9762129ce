"""The catalogue on the simulated fabric, in this process; `make catalogue` adds the command line and the kernel."""

from __future__ import annotations

import pytest

from catalogue import page, verdicts, worlds
from catalogue.__main__ import pairs
from catalogue.worlds import World
from lab import scenario
from rules import causes

SINGLES = worlds.singles()


@pytest.mark.parametrize("world", SINGLES, ids=lambda world: world.name)
def test_what_is_true_is_named_first_and_nothing_is_invented(world: World) -> None:
    assert verdicts.wrong(world, verdicts.at_once(world)) == ""


def test_every_scenario_says_what_is_true_in_it_or_is_healthy() -> None:
    silent = set(scenario.names()) - {world.name for world in SINGLES}
    assert silent == set()
    ids = {cause.id for cause in causes.load()}
    assert {each for world in SINGLES for each in world.answer} <= ids
    for world in SINGLES:
        if world.name.startswith("rc"):
            assert world.own == world.name[:4].upper(), world.name


def test_the_page_is_what_the_catalogue_says_now() -> None:
    """Written by `make catalogue`; what the command line said is taken from the page itself."""
    results = page.Results(SINGLES, page.told())
    pairs(results)
    assert results.failures == []
    assert page.FILE.read_text(encoding="utf-8") == page.render(results), "run `make catalogue`"
    for fabric, more in (("simulated", set()), ("kernel", {page.UNPLAYED, page.UNTRIED})):
        told = {world.name: results.cell(world, fabric) for world in SINGLES}
        assert set(told.values()) <= {*page.NAMED, *more}, told


@pytest.mark.parametrize(
    ("causes_named", "blocking", "verdict", "said"),
    [
        (("RC31", "RC01", "RC30"), ("RC31", "RC01", "RC30"), "broken", ""),
        (("RC01", "RC31", "RC30"), (), "broken", "RC01 first"),
        (("RC31", "RC01"), ("RC31",), "broken", "not named: RC30"),
        (("RC31", "RC01", "RC30", "RC48"), ("RC31", "RC48"), "broken", "invented: RC48"),
        ((), (), "unknown", "nothing named"),
    ],
)
def test_a_wrong_verdict_is_noticed(
    causes_named: tuple[str, ...], blocking: tuple[str, ...], verdict: str, said: str
) -> None:
    found = verdicts.Named(verdict, causes_named, blocking, causes_named, ())
    assert verdicts.wrong(worlds.single("rc31-no-routes-and-firewall"), found) == said


def test_an_alarm_in_a_healthy_world_is_noticed() -> None:
    world = worlds.single("healthy-vpc-native")
    assert verdicts.wrong(world, verdicts.Named("reachable", ("RC25",), (), (), ())) == ""
    assert verdicts.wrong(world, verdicts.Named("reachable", ("RC25",), (), ("RC25",), ())) == "alarm: RC25"
    assert verdicts.wrong(world, verdicts.Named("broken", (), (), (), ())) == "verdict broken"


def test_every_cause_leads_somewhere_but_those_that_keep_nothing_back() -> None:
    led = {world.answer[0] for world in SINGLES if world.answer}
    assert {cause.id for cause in causes.load()} - led == set(page.ONLY_MISLEAD)


def test_two_states_of_one_setting_cannot_both_hold() -> None:
    found = {
        frozenset((one, other)): world for one, other, world in worlds.pairs(("RC01", "RC02", "RC30", "RC22", "RC16"))
    }
    assert isinstance(found[frozenset({"RC01", "RC02"})], str)
    assert isinstance(found[frozenset({"RC22", "RC16"})], str)
    both = found[frozenset({"RC01", "RC30"})]
    assert isinstance(both, World)
    assert both.answer == ("RC31", "RC01", "RC30")
