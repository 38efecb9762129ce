"""Start the clouds, the wires and the real cluster, and keep them until ctrl+c, SIGTERM or the end of a leash.

When everything answers, stdout gets one line of JSON: {"environment": {…}, "viewer": KUBECONFIG, "agent": DaemonSet}.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from lab.build import populate
from lab.cluster import agent, machine
from lab.cluster.machine import ClusterError, NodeSpec
from lab.cluster.nodes import dress
from lab.compute.server import ComputeServer
from lab.container import ContainerServer
from lab.daemon import HOST, site
from lab.fabric.kernel.client import KernelUnavailableError
from lab.fabric.kernel.fabric import Kernel
from lab.scenario import Scenario, ScenarioError, load
from lab.store import Store


async def serve(up: Path, scenario: Scenario, speed: float, leash: int | None, wait: float) -> None:
    """Run until the process is told to end; leaves nothing behind, however often it is told."""
    loop = asyncio.get_running_loop()
    working = asyncio.create_task(_world(up, scenario, speed, wait))
    told: list[bool] = []

    def end() -> None:
        if leash is not None:
            loop.remove_reader(leash)
        if not told:
            working.cancel()
        told.append(True)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    if leash is not None:
        loop.add_reader(leash, end)
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _world(up: Path, scenario: Scenario, speed: float, wait: float) -> None:
    down = machine.down_beside(up)
    store = clouds(scenario)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(machine.alone(wait))
        await machine.sweep(down)
        fabric = Kernel(store, public=True)
        stack.push_async_callback(fabric.stop)
        await fabric.start()
        folder = machine.folder(agent.DESK)
        stack.push_async_callback(machine.end, down, folder)
        await stack.enter_async_context(_socket(agent.desk(speed), folder / agent.DESK))
        compute = await stack.enter_async_context(site(ComputeServer(store, speed=speed).app(), 0))
        container = await stack.enter_async_context(site(ContainerServer(store).app(), 0))
        nodes = [
            NodeSpec(node.name, fabric.names[node.name], str(node.address), str(node.pod_range))
            for node in scenario.nodes
        ]
        cluster = await machine.start(up, folder, nodes)
        await dress(cluster / "admin.kubeconfig", store.table("kube/nodes").values())
        found = {
            "environment": {
                "KUBECONFIG": str(cluster / "admin.kubeconfig"),
                "WAYHOME_COMPUTE_ENDPOINT": f"http://{HOST}:{compute}",
                "WAYHOME_CONTAINER_ENDPOINT": f"http://{HOST}:{container}",
                "WAYHOME_NETWORKCONNECTIVITY_ENDPOINT": f"http://{HOST}:{container}",
            },
            "viewer": str(cluster / "viewer.kubeconfig"),
            "agent": agent.daemonset(scenario.cluster, scenario.agent, folder / agent.DESK),
        }
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        await fabric.ended.wait()
        raise ClusterError("The keeper of the namespaces has ended.")


def clouds(scenario: Scenario) -> Store:
    """The scenario's world without what the real cluster brings by itself: pods, DaemonSet, ConfigMap, kubelets."""
    store = Store()
    bare = replace(scenario, pods=(), config=None, policies=(), agent=replace(scenario.agent, installed=False))
    populate(store, bare)
    guests = store.table(f"guest/{scenario.cluster.project}")
    for node in scenario.nodes:
        guests.replace(node.name, {**guests.get(node.name), "servers": []})
    return store


@asynccontextmanager
async def _socket(app: web.Application, room: Path) -> AsyncIterator[None]:
    """Serve `app` at agent.SOCKET in the folder `room`, which pods mount."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(room / agent.SOCKET)).start()
        yield
    finally:
        await runner.cleanup()


def main(argv: Sequence[str] | None = None) -> int:
    """0 when it was told to end, 1 with one sentence on stderr when it could not start or broke down."""
    parser = argparse.ArgumentParser(prog="python -m lab.cluster")
    parser.add_argument(
        "--up", type=Path, default=os.environ.get("WAYHOME_CLUSTER_UP"), help="default: WAYHOME_CLUSTER_UP"
    )
    parser.add_argument("--scenario", default="article")
    parser.add_argument("--speed", type=float, default=1.0, help="divides the agents' waits")
    parser.add_argument("--wait", type=float, default=0.0, help="seconds to wait for another cluster to end")
    parser.add_argument("--leash", type=int, help="a descriptor of a pipe: end when its other end closes")
    args = parser.parse_args(argv)
    if args.up is None:
        parser.error("no --up and no WAYHOME_CLUSTER_UP: which script starts the cluster?")
    try:
        asyncio.run(serve(args.up.absolute(), load(args.scenario), args.speed, args.leash, args.wait))
    except (ScenarioError, ClusterError, KernelUnavailableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
