"""Namespaces with names that the machine can see: they are there, they are ours alone, and none stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import owned
from lab.build import populate
from lab.fabric.kernel import published
from lab.fabric.kernel.client import KernelUnavailableError
from lab.fabric.kernel.fabric import Kernel
from lab.scenario import load
from lab.store import Store

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give network namespaces names")

HOLDER = """
import asyncio, sys
from lab.fabric.kernel.fabric import Kernel
from tests_world import world

async def main():
    kernel = Kernel(world(), public=True)
    await kernel.start()
    print(*kernel.names.values(), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def world() -> Store:
    store = Store()
    populate(store, load("article"))
    return store


def names() -> set[str]:
    return {place.name for place in published.FOLDER.glob("wayhome-*")} if published.FOLDER.is_dir() else set()


def address(name: str) -> str:
    return subprocess.run(["ip", "-n", name, "-4", "addr"], capture_output=True, text=True, check=True).stdout


def rooted(name: str) -> bool:
    """Whether root may shape the namespace as a container runtime does."""
    made = ("ip", "link", "add", "more", "type", "veth")
    return subprocess.run(["ip", "netns", "exec", name, *made], capture_output=True, check=False).returncode == 0


async def test_nodes_have_names_while_the_fabric_runs_and_none_afterwards() -> None:
    kernel = Kernel(world(), public=True)
    await kernel.start()
    try:
        assert set(kernel.names) == {"gke-node-01", "gke-node-02"}
        assert "10.1.0.12/32" in address(kernel.names["gke-node-02"])
        assert rooted(kernel.names["gke-node-01"])
        mine = set(kernel.names.values())
    finally:
        await kernel.stop()
    assert not mine & names()


def test_what_a_killed_process_left_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "tests_world.py").write_text(
        "from lab.build import populate\nfrom lab.scenario import load\nfrom lab.store import Store\n\n"
        "def world():\n    store = Store()\n    populate(store, load('article'))\n    return store\n",
        "utf-8",
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    )
    foreign = published.FOLDER / "wayhome-of-somebody-else"
    try:
        assert holder.stdout is not None
        left = set(holder.stdout.readline().split())
        assert len(left) == 2
        assert left <= names()
        published.sweep()
        assert left <= names()  # its process lives
        foreign.touch()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert left <= names()
        assert left <= set(published.sweep())
        assert not left & names()
        assert foreign.exists()
    finally:
        foreign.unlink(missing_ok=True)
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()
        published.sweep()


def test_a_name_of_another_life_of_the_same_id_is_an_orphan(tmp_path: Path) -> None:
    (tmp_path / owned.name("mine")).touch()
    (tmp_path / f"wayhome-{os.getpid()}-1-earlier").touch()
    (tmp_path / "wayhome-notes").touch()
    assert [place.name for place in owned.orphans(tmp_path)] == [f"wayhome-{os.getpid()}-1-earlier"]
    assert owned.orphans(tmp_path / "absent") == []


async def test_somebody_who_is_not_root_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(KernelUnavailableError, match="root"):
        await Kernel(world(), public=True).start()
