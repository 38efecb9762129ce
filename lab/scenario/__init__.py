"""Scenarios: worlds as data that a person who cannot program can read and write.

load("article")          one that ships with the program
load("my/world.yaml")    one's own file
"""

from __future__ import annotations

from pathlib import Path

from lab.scenario import text
from lab.scenario.check import Checker
from lab.scenario.errors import ScenarioError
from lab.scenario.fields import fail
from lab.scenario.model import Scenario
from lab.scenario.read import scenario
from rules.words import _

FOLDER = Path(__file__).parent.parent / "scenarios"
MAX_BASES = 5

__all__ = ["FOLDER", "Scenario", "ScenarioError", "load", "made_of", "names", "tree"]


def names() -> tuple[str, ...]:
    """Names of the scenarios that ship, `article` first, then by name."""
    found = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return tuple(sorted(found, key=lambda name: name != "article"))


def load(which: str | Path) -> Scenario:
    """The scenario called `which`, or the one in the file at that path.

    Raises ScenarioError with one sentence that names file, line, key path and what is expected.
    """
    path = _find(str(which), Path())
    return made_of(path.stem, _with_base(path, Path()))


def tree(which: str | Path) -> text.Section:
    """What a scenario says as keys and values, its bases merged in."""
    return _with_base(_find(str(which), Path()), Path())


def made_of(name: str, section: text.Section) -> Scenario:
    """The scenario that a tree of keys and values describes; ScenarioError as for `load`."""
    made = scenario(name, section)
    Checker(made, section).run()
    return made


def _find(which: str, beside: Path) -> Path:
    if which in names():
        return FOLDER / f"{which}.yaml"
    path = beside / which
    if "/" in which or path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise ScenarioError(_("{path}: there is no such file; check the path.").format(path=path))
        return path
    raise ScenarioError(
        _("There is no scenario called {name}; there is {known}, or give the path of a file of your own.").format(
            name=which, known=", ".join(names())
        )
    )


def _with_base(path: Path, beside: Path, depth: int = 0) -> text.Section:
    name = path.name if path.parent == FOLDER else str(path)
    section = text.read(path, name)
    base = section.values.get("base")
    if base is None:
        return section
    if not isinstance(base, text.Scalar) or base.kind != "text":
        fail(base.where, "base", _("expected the name of a scenario, such as article, or the path of a file."))
    if depth == MAX_BASES:
        fail(base.where, "base", _("the scenarios are each other's base, or more than five deep."))
    try:
        below = _find(base.text, path.parent)
    except ScenarioError as error:
        fail(base.where, "base", str(error))
    above = _with_base(below, beside, depth + 1)
    inherited = {key: value for key, value in above.values.items() if key != "answer"}
    return text.merge(text.Section(above.where, inherited), section)
