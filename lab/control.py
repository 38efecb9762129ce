"""Start, find and stop the lab from another process. Nothing here prints.

running = start("article", speed=20)
os.environ.update(environment(running))
stop()
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import math
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab import state
from lab.fabric.base import LegCount
from lab.faults import Fault
from lab.rights import SETS
from lab.scenario import ScenarioError, load, names
from lab.state import Changed, Running
from rules.words import _

START_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
ASK_SECONDS = 10.0

__all__ = [
    "Fault",
    "LabError",
    "Running",
    "changed",
    "clear_faults",
    "end",
    "environment",
    "fault",
    "faults",
    "legs",
    "rights",
    "running",
    "start",
    "stop",
    "turn",
]


class LabError(RuntimeError):
    """The lab cannot do that; the message is one sentence that says what to do."""


def start(
    scenario: str,
    *,
    fabric: str = "simulated",
    speed: float = 1.0,
    port: int | None = None,
    leash: int | None = None,
) -> Running:
    """Start the lab on a scenario (a name, or the path of one's own file); returns when it is ready.

    `leash` is the reading end of a pipe: the lab ends by itself when the writing end is closed, which the system does
    when the process that holds it ends, however that comes. Without it the lab outlives its starter.

    Raises LabError when it runs already, when the port is taken, when the scenario is broken, when it does not start.
    """
    if not (math.isfinite(speed) and 0 < speed <= 10_000):
        raise LabError(_("{speed} is not a speed; give a number above 0, such as 20.").format(speed=speed))
    try:
        plan = load(scenario)
    except ScenarioError as error:
        raise LabError(str(error)) from error
    if fabric not in plan.fabrics:
        raise LabError(
            _("The {fabric} fabric cannot carry {scenario} truly; start it with --fabric {other}.").format(
                fabric=fabric, scenario=scenario, other=plan.fabrics[0]
            )
        )
    which = scenario if scenario in names() else str(Path(scenario).absolute())
    folder = _folder()
    with _alone(folder):
        found = running()
        if found is not None:
            raise LabError(
                _("The lab is running already, on scenario {scenario}; stop it first with `wayhome lab stop`.").format(
                    scenario=found.scenario
                )
            )
        for name in (state.FILE, state.FAILURE, state.KUBECONFIG):
            (folder / name).unlink(missing_ok=True)
        return _spawn(folder, which, fabric, speed, port, leash)


def running() -> Running | None:
    """The running lab, or None. What a lab that was killed left behind counts for nothing."""
    found = state.read(state.lab_dir())
    return found if found is not None and state.alive(found) else None


def stop() -> None:
    """End the lab and wait until it has gone; nothing happens when none runs."""
    found = running()
    if found is not None:
        end(found)
    folder = state.lab_dir()
    for name in (state.FILE, state.FAILURE, state.KUBECONFIG):
        (folder / name).unlink(missing_ok=True)


def legs(running: Running) -> list[LegCount]:
    """Packets that crossed each wire of the lab, from the kernel's counters; empty on the simulated fabric."""
    return [LegCount(**item) for item in _ask(running, "GET", "/legs")]


def changed(running: Running) -> Changed:
    """What people have changed in the lab's world since it began, or was last turned."""
    found = _ask(running, "GET", "/changes")
    return Changed(found["writes"], tuple(found["differs"]))


def turn(running: Running, scenario: str | None) -> Running:
    """Turn the world of the running lab into that of `scenario`; None puts it back as it was in the beginning."""
    if scenario is None:
        _ask(running, "POST", "/world", {"scenario": None})
        return running
    try:
        plan = load(scenario)
    except ScenarioError as error:
        raise LabError(str(error)) from error
    which = scenario if scenario in names() else str(Path(scenario).absolute())
    _ask(running, "POST", "/world", {"scenario": which})
    turned = replace(running, scenario=which, title=plan.title)
    state.write(_folder(), turned)
    return turned


def fault(running: Running, asked: Fault) -> None:
    """Let the lab's servers make a fault. Raises LabError for one that there is not."""
    _ask(running, "POST", "/faults", asdict(asked))


def faults(running: Running) -> list[Fault]:
    """The faults that the lab's servers make now."""
    return [Fault(**item) for item in _ask(running, "GET", "/faults")]


def clear_faults(running: Running) -> None:
    """Let the lab's servers make no more faults."""
    _ask(running, "DELETE", "/faults")


def rights(running: Running, name: str | None = None) -> str:
    """The set of rights that the lab's user has (see lab.rights), switched to `name` first where that is given."""
    if name is None:
        return str(_ask(running, "GET", "/rights").get("name", ""))
    if name not in SETS:
        raise LabError(
            _("There are no rights called {name!r}; there are {names}.").format(name=name, names=", ".join(SETS))
        )
    return str(_ask(running, "PUT", "/rights", {"name": name}).get("name", ""))


def _ask(running: Running, method: str, path: str, body: object = None) -> Any:
    """The lab's answer at its desk. Raises LabError with its sentence, or one that says where to look."""
    place = urlsplit(running.desk)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=ASK_SECONDS)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        found = json.load(answer)
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        raise LabError(
            _("The lab does not answer ({reason}); {log} says why.").format(reason=error, log=running.log)
        ) from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise LabError(str(found.get("error", "")))
    return found


def environment(running: Running) -> dict[str, str]:
    """Variables with which unchanged kubectl, gcloud and wayhome use that lab."""
    found = {
        "KUBECONFIG": running.kubeconfig,
        "WAYHOME_COMPUTE_ENDPOINT": running.compute,
        "WAYHOME_CONTAINER_ENDPOINT": running.container,
        "WAYHOME_NETWORKCONNECTIVITY_ENDPOINT": running.container,
        "WAYHOME_RESOURCES_ENDPOINT": running.resources,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{running.compute}/compute/v1/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": f"{running.container}/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_NETWORKCONNECTIVITY": f"{running.container}/",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": running.project,
        "WAYHOME_RESYNC_PACE": f"{running.speed:g}",
    }
    return found | _no_proxy(os.environ)


def _no_proxy(present: Mapping[str, str]) -> dict[str, str]:
    """Where a proxy is set, loopback has to be left out of it."""
    if not any(present.get(name) for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY")):
        return {}
    found = {}
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [host.strip() for host in present.get(name, "").split(",") if host.strip()]
        if not {"*", "127.0.0.1"} & set(hosts):
            found[name] = ",".join([*hosts, "127.0.0.1"])
    return found


def _folder() -> Path:
    folder = state.lab_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise LabError(
            _(
                "The lab cannot use the folder {folder} ({reason}); set WAYHOME_STATE_DIR to one that you can write."
            ).format(folder=folder, reason=error.strerror)
        ) from error
    return folder


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process starts a lab at a time."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(_("Another process is starting the lab just now; wait for it.")) from None
        yield


def _spawn(folder: Path, scenario: str, fabric: str, speed: float, port: int | None, leash: int | None) -> Running:
    command = [sys.executable, "-m", "lab.daemon", str(folder), "--scenario", scenario, "--fabric", fabric]
    command += ["--speed", str(speed), *(["--port", str(port)] if port else [])]
    command += ["--leash", str(leash)] if leash is not None else []
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    log = os.open(folder / state.LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            pass_fds=() if leash is None else (leash,),
            env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        )
    finally:
        os.close(log)
    until = time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < until:
            found = state.read(folder)
            if found is not None and found.pid == process.pid and _answers(found):
                process.returncode = 0  # it lives on by itself; Popen is to forget it
                return found
            if process.poll() is not None:
                raise LabError(_failure(folder))
            time.sleep(POLL_SECONDS)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.kill()
    process.wait()
    raise LabError(
        _("The lab did not start within {seconds} seconds; {log} says how far it came.").format(
            seconds=int(START_SECONDS), log=folder / state.LOG
        )
    )


def _failure(folder: Path) -> str:
    try:
        return (folder / state.FAILURE).read_text(encoding="utf-8")
    except OSError:
        return _("The lab ended before it was ready; {log} says why.").format(log=folder / state.LOG)


def _answers(found: Running) -> bool:
    """Whether all three servers take connections and speak."""
    unchecked = ssl._create_unverified_context()  # noqa: S323 - whether it speaks, not who it is
    for url, path in ((found.kubernetes, "/readyz"), (found.compute, "/"), (found.container, "/")):
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 0
        connection = (
            http.client.HTTPSConnection(host, port, timeout=5, context=unchecked)
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=5)
        )
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
    return True


def end(found: Running) -> None:
    """End the process of a lab and wait until it has gone. Raises LabError when it does not go."""
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, number)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            _reap(found.pid)
            if not state.alive(found):
                return
            time.sleep(POLL_SECONDS)
    raise LabError(_("The lab's process {pid} does not end; end it by hand.").format(pid=found.pid))


def _reap(pid: int) -> None:
    """Take note of the end of a child of our own, so that it is gone."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
