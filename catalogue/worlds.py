"""The worlds to judge: the scenarios that ship, and two of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from lab import scenario
from lab.scenario import Scenario, ScenarioError
from lab.scenario.text import Items, Scalar, Section, Value
from rules import causes
from rules.snapshot import Outcome

MOST_LIKELY = 20
_UNSHOWN = {Outcome.OK, Outcome.TIMEOUT, Outcome.UNREACHABLE}
COMMON = ("healthy-routes-based", "healthy-vpc-native")
"""Healthy worlds from which two scenarios may both differ."""

_WORDS = ("base", "title", "story", "answer", "fabrics")
_ALWAYS = {"RC31": ({"RC01", "RC02", "RC03"}, {"RC30"})}
"""Causes that are two others at once."""

_NODES_ALONE, _PODS_ALONE = {"RC30"}, {"RC32", "RC33"}
"""Causes of a guard that admits one kind of address alone: the two make a guard that admits neither, RC34."""

Plain = Mapping[str, "Plain"] | tuple[str, ...] | str
Path = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class World:
    """A scenario, or two `parts` merged, and every cause that is true in it, the one to name first in front."""

    name: str
    scenario: Scenario
    answer: tuple[str, ...]
    fabrics: tuple[str, ...]
    parts: tuple[World, ...] = ()

    @property
    def own(self) -> str:
        """The cause whose scenario this is, '' for a healthy world; where it only misleads, another is named first."""
        named = self.name.partition("-")[0].upper()
        return named if named in self.answer else next(iter(self.answer), "")

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong in it."""
        return not self.answer


@cache
def single(name: str) -> World:
    """The scenario `name`."""
    made = scenario.load(name)
    return World(name, made, made.answer, made.fabrics)


@cache
def singles() -> tuple[World, ...]:
    """Every scenario that ships and says what is true in it, or is healthy."""
    found = (single(name) for name in scenario.names())
    return tuple(world for world in found if world.answer or world.name.startswith("healthy-"))


def likeliest(count: int = MOST_LIKELY) -> tuple[str, ...]:
    """Ids of the causes with the highest priors that some scenario shows to block.

    What is reached by exclusion is not among them: beside a cause with evidence nothing can show it.
    """
    shown = {world.answer[0] for world in singles() if world.answer}
    known = [
        cause for cause in causes.load() if cause.id in shown and cause.id not in _ALWAYS and not cause.by_exclusion
    ]
    return tuple(cause.id for cause in sorted(known, key=lambda cause: (-cause.prior.of(None), cause.id))[:count])


def pairs(ids: tuple[str, ...]) -> Iterator[tuple[str, str, World | str]]:
    """Every two of `ids`: the world in which both are true, or why there is none."""
    for first, second in combinations(ids, 2):
        yield first, second, _pair(first, second)


def _pair(first: str, second: str) -> World | str:
    if {first, second} & _NODES_ALONE and {first, second} & _PODS_ALONE:
        return "nodes alone and pods alone cannot both be admitted"
    if {first, second} == {"RC02", "RC12"}:
        return "what is not exported cannot be left unimported"
    if any(_hides(one, other) for one, other in ((first, second), (second, first))):
        return "one is shown by an answer alone, which the other silences"
    why = ""
    for base in COMMON:
        for one in _scenarios(first):
            for other in _scenarios(second):
                found = _merged(base, one, other)
                if isinstance(found, World):
                    return found
                why = why or found
    return why or "no healthy world from which both differ"


def _hides(one: str, other: str) -> bool:
    """Whether `one` silences the probe whose answer alone shows `other`, such as a refusal."""
    known = {cause.id: cause.cells for cause in causes.load()}
    if one not in known or other not in known:
        return False
    shown = {probe for probe, allowed in known[other].probes.items() if allowed and not allowed & _UNSHOWN}
    return bool(shown & known[one].explains)


def _scenarios(id: str) -> list[str]:
    return [world.name for world in singles() if world.answer[:1] == (id,)]


def _merged(base: str, one: str, other: str) -> World | str:
    """The two scenarios' differences from `base` in one world, or why they cannot both be there."""
    ground, first, second = _tree(base), _tree(one), _tree(other)
    if first.values.keys() & {"cluster"} and not (_same_cluster(ground, first) and _same_cluster(ground, second)):
        return "the two are about different kinds of cluster"
    here, there = _difference(ground, first), _difference(ground, second)
    if _elsewhere(here) != _elsewhere(there):
        return "the two are about different targets"
    if _clash(here, there):
        return "the two are different states of the same thing"
    tree = _applied(_applied(ground, here), there)
    plain = _plain(tree)
    name = f"{one} + {other}"
    section = Section(tree.where, {**tree.values, "title": Scalar(tree.where, "text", name)})
    try:
        made = scenario.made_of(name, section)
    except ScenarioError as error:
        return f"the two do not fit together ({error})"
    alone = (single(one), single(other))
    same = next((world for world in singles() if _plain(_tree(world.name)) == plain), None)
    answer = same.answer if same is not None else _both(alone[0].answer, alone[1].answer)
    if not {alone[0].answer[0], alone[1].answer[0]} <= set(answer):
        return f"the two together are {answer[0]}"
    fabrics = tuple(each for each in alone[0].fabrics if each in alone[1].fabrics)
    return World(name, made, answer, fabrics, alone)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    together = tuple(dict.fromkeys((*one, *other)))
    held = set(together)
    more = [each for each, (these, those) in _ALWAYS.items() if these & held and those & held]
    return tuple(dict.fromkeys((*more, *together)))


@cache
def _tree(name: str) -> Section:
    """What the scenario `name` says of its world, read once: every pair is held against every scenario."""
    return _stripped(scenario.tree(name))


def _stripped(section: Section) -> Section:
    return Section(section.where, {key: value for key, value in section.values.items() if key not in _WORDS})


def _same_cluster(ground: Section, section: Section) -> bool:
    return _kind(ground) == _kind(section)


def _kind(section: Section) -> str:
    cluster = section.values.get("cluster")
    kind = cluster.values.get("kind") if isinstance(cluster, Section) else None
    return kind.text if isinstance(kind, Scalar) else ""


def _difference(ground: Section, section: Section) -> dict[Path, Value | None]:
    """What to change in `ground` to get `section`: values by key path, None for what is taken away."""
    found: dict[Path, Value | None] = {}
    for key in dict.fromkeys((*ground.values, *section.values)):
        before, after = ground.values.get(key), section.values.get(key)
        if isinstance(before, Section) and isinstance(after, Section):
            found |= {(key, *path): value for path, value in _difference(before, after).items()}
        elif after is None or before is None or _plain(before) != _plain(after):
            found[(key,)] = after
    return found


def _elsewhere(difference: Mapping[Path, Value | None]) -> bool:
    """Whether another target is asked for than in the healthy world: faults on the way to that one are not on this."""
    return any(path[:2] == ("question", "target") for path in difference)


def _clash(here: Mapping[Path, Value | None], there: Mapping[Path, Value | None]) -> bool:
    """Whether the two change the same key, or one what lies under the other, to different values."""
    for path, value in here.items():
        for other, wanted in there.items():
            depth = min(len(path), len(other))
            if path[:depth] != other[:depth]:
                continue
            if path != other or (value is None) != (wanted is None):
                return True
            if value is not None and wanted is not None and _plain(value) != _plain(wanted):
                return True
    return False


def _applied(section: Section, changes: Mapping[Path, Value | None]) -> Section:
    for path, value in changes.items():
        section = _put(section, path, value)
    return section


def _put(section: Section, path: Path, value: Value | None) -> Section:
    key, *rest = path
    values = dict(section.values)
    below = values.get(key)
    if rest:
        inner = below if isinstance(below, Section) else Section(section.where, {})
        values[key] = _put(inner, tuple(rest), value)
    elif value is None:
        values.pop(key, None)
    else:
        values[key] = value
    return Section(section.where, values)


def _plain(value: Value) -> Plain:
    """A value without the places where it was written."""
    if isinstance(value, Section):
        return {key: _plain(below) for key, below in sorted(value.values.items())}
    if isinstance(value, Items):
        return tuple(str(_plain(below)) for below in value.values)
    return value.text
