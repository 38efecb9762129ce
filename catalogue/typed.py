"""One scenario as a person meets it: `wayhome lab start`, then `wayhome diagnose --json` in a shell of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from catalogue import proofs, verdicts, worlds
from catalogue.page import ASKED, RIGHT
from probes import patience

SECONDS = 600
PATIENCE = "10"
"""A busy machine is not a broken network: deadlines of reads are this many times longer."""


def told(name: str, fabric: str) -> str:
    """What came of the verdict on the scenario `name`: RIGHT, ASKED where it took `--ask`, else what is wrong.

    `--ask` is typed only where the report names an observation that wayhome can make, as a person would do.
    """
    world = worlds.single(name)
    try:
        with lab(world, fabric) as environment:
            why, asks = _diagnosed(environment, world)
            if why and asks:
                why, _asks = _diagnosed(environment, world, "--ask")
                return why or ASKED
    except NoLabError as error:
        return str(error)
    return why or RIGHT


def proven(name: str) -> str:
    """What is wrong with the commands of the page of the scenario's own cause, typed on its lab; '' for nothing."""
    world = worlds.single(name)
    try:
        with lab(world, "simulated") as environment:
            return proofs.wrong(world, environment)
    except NoLabError as error:
        return str(error)


class NoLabError(Exception):
    """The lab did not start; the words say why."""


def turn(environment: dict[str, str], world: worlds.World) -> None:
    """Make the running lab that of another scenario. Raises NoLabError."""
    done = _wayhome(environment, "lab", "inject", world.name)
    if done.returncode != 0:
        raise NoLabError(f"no lab: {' '.join(done.stderr.split())[-200:]}")


@contextmanager
def lab(world: worlds.World, fabric: str) -> Iterator[dict[str, str]]:
    """The environment of a shell on a lab of its own. Raises NoLabError."""
    with tempfile.TemporaryDirectory(prefix="wayhome.") as folder:
        environment = {**os.environ, "WAYHOME_STATE_DIR": folder, patience.VARIABLE: PATIENCE}
        speed = "1" if world.scenario.heals else "20"  # what time mends must last until it is asked
        started = _wayhome(environment, "lab", "start", world.name, "--fabric", fabric, "--speed", speed)
        if started.returncode != 0:
            raise NoLabError(f"no lab: {' '.join(started.stderr.split())[-200:]}")
        try:
            lines = _wayhome(environment, "lab", "env").stdout.splitlines()
            pairs = (line.removeprefix("export ").partition("=") for line in lines)
            yield environment | {key: value.strip("'") for key, _, value in pairs}
        finally:
            _wayhome(environment, "lab", "stop")


def _diagnosed(environment: dict[str, str], world: worlds.World, *options: str) -> tuple[str, bool]:
    """What is wrong with the verdict, '' for nothing; and whether the report names a probe to make."""
    done = _wayhome(environment, "diagnose", *_words(world), "--json", *options)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return f"no report: exit {done.returncode}, {' '.join(done.stderr.split())[-200:]}", False
    return verdicts.wrong(world, verdicts.named(report)), bool((report["next"] or {}).get("probes"))


def _words(world: worlds.World) -> list[str]:
    asked = world.scenario.question
    found = [str(asked.pod), str(asked.target)]
    for option, target in (("--local", asked.local), ("--proxy", asked.proxy)):
        if target is not None:
            found += [option, f"{target.ip}:{target.port}"]
    if asked.host:
        found += ["--host", asked.host]
    return found


def _wayhome(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tui", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
