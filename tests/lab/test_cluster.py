"""What surrounds a real cluster: what its agents are told, and what a killed run left behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from lab import owned
from lab.cluster import agent, machine
from lab.cluster.__main__ import clouds
from lab.cluster.machine import ClusterError, NodeSpec
from lab.scenario import load


async def told(path: str, text: str, flags: str = "--masq-chain=IP-MASQ") -> list[str]:
    async with TestClient(TestServer(agent.desk(30.0))) as client:
        answer = await client.post(path, data=text.encode(), headers={"Flags": flags})
        return (await answer.text()).split("\n")


async def test_an_agent_is_told_its_chain_and_when_to_look_again() -> None:
    seconds, said, chain, jump, *rules = await told(
        "/there", "nonMasqueradeCIDRs: [10.1.0.0/16]\nresyncInterval: 90s\n"
    )
    assert (seconds, chain) == ("3.00", "IP-MASQ")
    assert said.startswith("I")
    assert '"nonMasqueradeCIDRs":["10.1.0.0/16"]' in said
    assert jump.startswith("-A POSTROUTING ")
    assert jump.endswith(" -j IP-MASQ")
    assert [rule.split()[3] for rule in rules if " -d " in rule] == ["169.254.0.0/16", "10.1.0.0/16"]
    assert rules[-2].endswith("-j MASQUERADE --random-fully")


async def test_an_agent_without_a_file_works_by_its_defaults() -> None:
    _, said, _, _, *rules = await told("/missing", "")
    assert "No config file found" in said
    assert any(" -d 10.0.0.0/8 " in rule for rule in rules)


async def test_a_file_that_the_agent_refuses_changes_nothing() -> None:
    seconds, said, *rest = await told("/there", "nonMasqueradeCIDRs: [10.1.0.1/16]\n")
    assert (seconds, set(rest)) == ("", {""})
    assert said.startswith("E")
    assert "not aligned" in said


def test_the_clouds_hold_no_pods_and_leave_the_kubelets_port_free() -> None:
    store = clouds(load("article"))
    assert len(store.table("kube/pods")) == len(store.table("kube/daemonsets")) == 0
    assert len(store.table("kube/nodes")) == 2
    assert store.table("guest/project-a").get("gke-node-01")["servers"] == []
    assert store.table("guest/project-b").get("target-gce-01")["servers"]


def script(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    return path


async def test_what_a_killed_run_left_is_ended_by_the_script_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "FOLDER", tmp_path)
    left = tmp_path / f"wayhome-{os.getpid()}-1-cluster"
    (left / "kube").mkdir(parents=True)
    mine = machine.folder("desk")
    down = script(tmp_path, "down", f'echo "$1" >> {tmp_path}/ended')
    await machine.sweep(down)
    assert not left.exists()
    assert mine.is_dir()
    assert mine.name == owned.name("cluster")
    assert (tmp_path / "ended").read_text("utf-8") == f"{left}/kube\n"


async def test_a_script_that_fails_says_its_last_words(tmp_path: Path) -> None:
    up = script(tmp_path, "up", "echo no etcd here >&2; exit 3")
    with pytest.raises(ClusterError, match="no etcd here"):
        await machine.start(up, tmp_path, [NodeSpec("n1", "ns1", "10.1.0.11", "172.16.1.0/24")])
    with pytest.raises(ClusterError, match="down"):
        machine.down_beside(up)


async def test_one_cluster_at_a_time_and_the_next_one_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LOCK", tmp_path / "lock")
    first = machine.alone()
    await first.__aenter__()
    with pytest.raises(ClusterError, match="Another cluster of the lab is up"):
        async with machine.alone():
            pass
    waiting = asyncio.create_task(machine.alone(60.0).__aenter__())
    await asyncio.sleep(0)
    assert not waiting.done()
    await first.__aexit__(None, None, None)
    await asyncio.wait_for(waiting, 60)
