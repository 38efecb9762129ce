"""The article's incident on a real kernel: what arrives, what is lost, and where."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from lab.build import populate
from lab.compute import objects
from lab.fabric.base import Place
from lab.fabric.kernel.blueprint import Blueprint, difference
from lab.fabric.kernel.client import KernelUnavailableError
from lab.fabric.kernel.fabric import Kernel
from lab.fabric.kernel.machines import blueprint
from lab.fabric.kernel.room import HIDDEN
from lab.scenario import load
from lab.store import Store
from rules.snapshot import PodRef

MY_POD = Place(PodRef("default", "my-pod"), "my-pod")
TOOLS = ("unshare", "nsenter", "ip", "iptables-restore", "curl")


def world(scenario: str) -> Store:
    store = Store()
    populate(store, load(scenario))
    return store


async def run(kernel: Kernel, *argv: str, stdin: bytes = b"") -> tuple[int, str, str]:
    out, err, left = bytearray(), bytearray(), [stdin]

    async def read() -> bytes:
        return left.pop() if left else b""

    async def write_out(data: bytes) -> None:
        out.extend(data)

    async def write_err(data: bytes) -> None:
        err.extend(data)

    code = await kernel.run(MY_POD, argv, read, write_out, write_err)
    return code, out.decode(), err.decode()


async def sleeping(kernel: Kernel) -> bool:
    return "sleep 600" in (await run(kernel, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))[1]


async def test_an_image_holds_only_its_own_programs(article: tuple[Store, Kernel]) -> None:
    store, kernel = article
    table = store.table("kube/pods")
    pod = table.get("default/my-pod")
    pod["spec"]["containers"][0]["image"] = "busybox:1.36"
    table.replace("default/my-pod", pod)
    assert (await run(kernel, "sh", "-c", "command -v curl"))[0] != 0
    assert (await run(kernel, "curl", "http://10.1.0.21/health"))[0] == 127


async def test_a_container_cannot_touch_the_network(article: tuple[Store, Kernel]) -> None:
    _, kernel = article
    code, _, complaint = await run(kernel, "ip", "route", "del", "default")
    assert code != 0
    assert "not permitted" in complaint


async def started(store: Store) -> Kernel:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    kernel = Kernel(store)
    try:
        if missing:
            raise KernelUnavailableError(f"missing: {', '.join(missing)}")
        await kernel.start()
    except KernelUnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no network namespaces here: {error}")
    return kernel


@pytest.fixture
async def article() -> AsyncIterator[tuple[Store, Kernel]]:
    store = world("article")
    kernel = await started(store)
    yield store, kernel
    await kernel.stop()


async def test_only_pod_to_peer_fails_and_the_request_has_arrived(article: tuple[Store, Kernel]) -> None:
    _, kernel = article
    assert (await run(kernel, "curl", "-sS", "-m", "3", "http://10.1.0.21/health"))[:2] == (0, "OK\n")
    before = await kernel.counters()
    code, _, complaint = await run(kernel, "curl", "-sS", "-m", "1", "http://10.2.0.10/health")
    after = await kernel.counters()
    assert code == 28
    assert "timed out" in complaint
    target = "vm.project-b.target-gce-01"
    came, answered = (after[target]["eth0"][way] - before[target]["eth0"][way] for way in (0, 1))
    assert came > 0
    assert answered > 0
    peer = next(name for name in after["vpc.project-b.vpc-b"] if name.startswith("p"))
    assert after["vpc.project-b.vpc-b"][peer][1] == before["vpc.project-b.vpc-b"][peer][1]


async def test_exchanging_the_routes_brings_the_answer_home(article: tuple[Store, Kernel]) -> None:
    store, kernel = article
    exchange(store)
    assert (await run(kernel, "curl", "-sS", "-m", "3", "http://10.2.0.10/health"))[:2] == (0, "OK\n")


async def test_a_change_of_the_nat_table_masquerades(article: tuple[Store, Kernel]) -> None:
    store, kernel = article
    node = store.table("kube/pods").get("default/my-pod")["spec"]["nodeName"]
    text = store.table("node/nat").get(node)["text"]
    kept = "\n".join(line for line in text.splitlines() if " -d 10.0.0.0/8 " not in line) + "\n"
    store.table("node/nat").replace(node, {"text": kept})
    assert (await run(kernel, "curl", "-sS", "-m", "3", "http://10.2.0.10/health"))[:2] == (0, "OK\n")


def exchange(store: Store) -> None:
    for project, network, flag in (("project-a", "vpc-a", "export"), ("project-b", "vpc-b", "import")):
        table = store.table(f"compute/{project}/networks")
        item = table.get(network)
        item["peerings"][0][f"{flag}CustomRoutes"] = True
        table.replace(network, item)


def close_the_firewall(store: Store) -> None:
    store.table("compute/project-b/firewalls").remove("allow-from-a-pods")


def stop_the_target(store: Store) -> None:
    table = store.table("compute/project-b/instances")
    for key, vm in table.items():
        table.replace(key, {**vm, "status": "TERMINATED"})


def lose_the_node_routes(store: Store) -> None:
    table = store.table("compute/project-a/routes")
    for key, route in table.items():
        if route.get("description") == "k8s-node-route":
            table.remove(key)


def catch_the_answer(store: Store) -> None:
    """A route of the peer's own, narrower than what it imports, to a VM that is not the pod's node."""
    vm = next(iter(store.table("compute/project-b/instances").values()))
    made = objects.route("project-b", "mine", "vpc-b", "172.16.1.0/28", instance=vm["selfLink"])
    store.table("compute/project-b/routes").create("mine", made)


def lose_what_is_large(store: Store) -> None:
    """A TCP handshake comes through, the request behind it does not."""
    store.table("narrow/project-b").create("vpc-b", {"largest": 72})


CHANGES = [close_the_firewall, stop_the_target, lose_the_node_routes, catch_the_answer, lose_what_is_large]


@pytest.mark.parametrize("change", CHANGES)
async def test_every_change_takes_effect_at_once(
    article: tuple[Store, Kernel], change: Callable[[Store], None]
) -> None:
    store, kernel = article
    exchange(store)
    assert (await run(kernel, "curl", "-sS", "-m", "3", "http://10.2.0.10/health"))[0] == 0
    change(store)
    assert (await run(kernel, "curl", "-sS", "-m", "1", "http://10.2.0.10/health"))[0] == 28


async def test_commands_get_input_and_the_host_is_read_only(article: tuple[Store, Kernel]) -> None:
    _, kernel = article
    assert await run(kernel, "cat", stdin=b"hello") == (0, "hello", "")
    assert (await run(kernel, "sh", "-c", "exit 7"))[0] == 7
    code, _, complaint = await run(kernel, "sh", "-c", "echo x > /usr/wayhome-was-here")
    assert code != 0
    assert "Read-only" in complaint


async def test_no_mount_of_the_host_can_be_written(article: tuple[Store, Kernel]) -> None:
    """Not the root alone: whatever is mounted below it is read-only too, or an empty folder of the room's own."""
    _, kernel = article
    code, table, _ = await run(kernel, "cat", "/proc/self/mounts")
    assert code == 0
    rows = [line.split()[1:4] for line in table.splitlines()]
    writable = {place for place, _kind, options in rows if "ro" not in options.split(",")}
    assert writable <= set(HIDDEN)
    assert (await run(kernel, "sh", "-c", "cat /root/* /home/*/.* 2>/dev/null"))[1] == ""


async def test_a_command_ends_when_its_caller_goes(article: tuple[Store, Kernel]) -> None:
    _, kernel = article
    waiting = asyncio.create_task(run(kernel, "sleep", "600"))
    for _ in range(200):
        if await sleeping(kernel):
            break
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    for _ in range(200):
        if not await sleeping(kernel):
            return
    pytest.fail("the command outlived its caller")


def test_a_blueprint_differs_from_itself_in_nothing() -> None:
    plan = blueprint(world("article"))
    found = difference(plan, plan)
    assert (found.lost, found.made, found.cut, found.laid, found.steps) == ((), (), (), (), ())


def test_the_way_from_nothing_makes_every_namespace_once() -> None:
    plan = blueprint(world("article"))
    found = difference(Blueprint(), plan)
    assert set(found.made) == set(plan.namespaces)
    assert len(found.laid) == len(plan.wires)


async def test_a_keeper_that_was_killed_is_replaced(article: tuple[Store, Kernel]) -> None:
    _, kernel = article
    client = kernel._client
    process = client._process
    assert process is not None
    process.kill()
    await asyncio.wait_for(client.ended.wait(), 30)
    assert (await run(kernel, "curl", "-sS", "-m", "3", "http://10.1.0.21/health"))[:2] == (0, "OK\n")


async def test_a_keeper_ends_in_the_middle_of_its_work(article: tuple[Store, Kernel]) -> None:
    _, kernel = article
    client = kernel._client
    process, channel = client._process, client._channel
    assert process is not None
    assert channel is not None
    namespaces = list(client.blueprint.namespaces)
    working = [asyncio.create_task(client.attempt([("pod.default.my-pod", "10.2.0.10", 81)], namespaces, 600.0))]
    working.append(asyncio.create_task(run(kernel, "sleep", "600")))
    for _ in range(200):
        if await sleeping(kernel):
            break
    channel.shutdown(socket.SHUT_RDWR)
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert all(
        isinstance(each, KernelUnavailableError) for each in await asyncio.gather(*working, return_exceptions=True)
    )
