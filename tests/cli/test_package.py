"""The wheel holds all that the program needs, the rooms keep to their borders, and one module alone writes."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent
ROOMS = ("rules", "probes", "lab", "tui")
DATA = (".md", ".yaml", ".json", ".tcss", ".mo")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, from a copy of the tree, so that nothing is written into it."""
    where = tmp_path_factory.mktemp("wheel")
    source = where / "source"
    source.mkdir()
    for room in ROOMS:
        shutil.copytree(HOUSE / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(HOUSE / name, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(where), "."],
        cwd=source,
        check=True,
    )
    (made,) = where.glob("*.whl")
    return made


def test_everything_is_in_the_wheel(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    needed = {
        str(path.relative_to(HOUSE))
        for room in ROOMS
        for path in (HOUSE / room).rglob("*")
        if path.suffix in (".py", *DATA) and "__pycache__" not in path.parts
    }
    assert needed - held == set()
    tops = {name.split("/")[0] for name in held if not name.split("/")[0].endswith(".dist-info")}
    assert tops == set(ROOMS)


def test_the_installed_program_runs(wheel: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """In an environment of its own, with this one's libraries lent to it."""
    home = tmp_path / "env"
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python*/site-packages"))
    lent = [path for path in sys.path if path.endswith("site-packages")]
    (site / "lent.pth").write_text("\n".join(lent) + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", "--ignore-installed", str(wheel)], check=True)
    wayhome = str(home / "bin" / "wayhome")

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [wayhome, *args], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    version = run("--version")
    assert version.returncode == 0, version.stderr
    where = subprocess.run(
        [str(home / "bin" / "python"), "-c", "import rules, lab.scenario; print(rules.__file__)"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(home))
    assert run("causes", "RC01").stdout.startswith("# RC01")
    assert run("lab", "list").stdout.startswith("article")
    schema = "import json, rules.schemas as s; json.loads(s.report()); json.loads(s.snapshot())"
    style = (
        "from pathlib import Path; import tui; home = Path(tui.__file__).parent;"
        " assert list(home.rglob('*.tcss')); assert (home / 'web' / 'app_index.html').is_file()"
    )
    for program in (schema, style):
        subprocess.run([str(home / "bin" / "python"), "-c", program], cwd=tmp_path, check=True)


def test_the_rooms_keep_to_their_borders() -> None:
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path: Path) -> set[str]:
    """Top-level names of everything that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_networkx_is_used_in_one_place() -> None:
    users = {
        str(path.relative_to(HOUSE))
        for room in ROOMS
        for path in (HOUSE / room).rglob("*.py")
        if "networkx" in imported(path)
    }
    assert users <= {"rules/graph.py"}


def test_clients_are_loaded_in_functions_alone() -> None:
    """Google's and Kubernetes' clients take most of two seconds; no module of probes loads them by being imported."""
    program = "import pkgutil, importlib, sys, probes\n" + (
        "for found in pkgutil.iter_modules(probes.__path__): importlib.import_module(f'probes.{found.name}')\n"
        "print(sorted({'google.cloud', 'kubernetes', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
        *project["optional-dependencies"]["web"],
    ]
    pins = [line for line in (HOUSE / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all("==" in line for line in pins)
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in pins}
    for line in wanted:
        name = line.partition(";")[0]
        for mark in "<>=[ ":
            name = name.partition(mark)[0]
        assert name.lower() in pinned, name
