"""The real cluster: started by a script beside which lies `down`, found again and ended after a kill."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import owned
from rules.words import _

FOLDER = Path("/var/tmp")  # noqa: S108  the same for every run, so that the next one finds what a killed one left
LOCK = Path("/run/wayhome-cluster.lock")
UP_SECONDS, DOWN_SECONDS = 300.0, 60.0


class ClusterError(RuntimeError):
    """The cluster does not start; the message is one sentence."""


@dataclass(frozen=True)
class NodeSpec:
    """A node: the name of its network namespace in /run/netns, its address, its pods' range."""

    name: str
    namespace: str
    address: str
    pods: str


@contextlib.asynccontextmanager
async def alone(seconds: float = 0.0) -> AsyncIterator[None]:
    """Ports and links of such a cluster are fixed: one at a time. ClusterError where another is up after `seconds`."""
    until = time.monotonic() + seconds
    with LOCK.open("w") as file:  # noqa: ASYNC230  nothing is written to it
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise ClusterError(_("Another cluster of the lab is up on this machine; end it first.")) from None
            await asyncio.sleep(0.5)
        yield


def down_beside(up: Path) -> Path:
    """The script that ends what `up` starts. ClusterError where one of them cannot be run."""
    down = up.parent / "down"
    for script in (up, down):
        if not os.access(script, os.X_OK):
            raise ClusterError(_("{script} is not a program that can be run.").format(script=script))
    return down


async def sweep(down: Path) -> None:
    """End the clusters that killed runs left behind."""
    for folder in owned.orphans(FOLDER):
        if folder.is_dir() and not folder.is_symlink():
            await end(down, folder)


def folder(inner: str) -> Path:
    """A new folder of this process's own, with the folder `inner` in it."""
    made = FOLDER / owned.name("cluster")
    made.mkdir(mode=0o700)
    (made / inner).mkdir()
    return made


async def start(up: Path, folder: Path, nodes: list[NodeSpec]) -> Path:
    """Start a cluster in `folder`; its directory with the kubeconfigs. ClusterError with the script's last words."""
    directory = folder / "kube"
    given = [f"{node.name}={node.namespace},{node.address},{node.pods}" for node in nodes]
    with (folder / "up.log").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            str(up), str(directory), *given, stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said,
            env=_environment(), start_new_session=True,
        )  # fmt: skip
    try:
        code = await asyncio.wait_for(process.wait(), UP_SECONDS)
    except (TimeoutError, asyncio.CancelledError):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()
        raise
    if code != 0:
        words = (folder / "up.log").read_text("utf-8", "replace").strip().splitlines()[-5:]
        raise ClusterError(
            _("{up} ended with {code}: {words}").format(up=up, code=code, words=" · ".join(words) or "no words")
        )
    return directory


async def end(down: Path, folder: Path) -> None:
    """End the cluster in `folder` and remove it; nothing happens where none has begun."""
    process = await asyncio.create_subprocess_exec(
        str(down), str(folder / "kube"), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL, env=_environment(), start_new_session=True,
    )  # fmt: skip
    try:
        await asyncio.wait_for(process.wait(), DOWN_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _environment() -> Mapping[str, str]:
    kept = ("PATH", "HOME", "KUBE_CACHE", "KUBE_PORT", "http_proxy", "https_proxy", "no_proxy")
    return {name: os.environ[name] for name in kept if name in os.environ}
