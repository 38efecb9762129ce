"""The lab's one process: store, controllers, agents, fabric and three API servers on loopback.

    python -m lab.daemon FOLDER --scenario NAME [--fabric simulated|kernel] [--speed N] [--port P] [--leash FD]

It writes FOLDER/lab.json when everything answers, or FOLDER/failure with one sentence and ends with 1. SIGTERM and
SIGINT end it and leave only the log; so does the closing of the other end of the pipe FD.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import errno
import logging
import os
import secrets
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from lab import desk, faults, pki, resourcemanager, state
from lab.build import populate
from lab.compute.server import ComputeServer
from lab.container import ContainerServer
from lab.fabric.base import Fabric
from lab.fabric.simulated import Simulated
from lab.kube.access import User
from lab.kube.server import KubeServer
from lab.rights import Switch
from lab.scenario import Scenario, ScenarioError, load
from lab.stage import Stage
from lab.store import Store
from rules.words import _

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
SERVER_PEM = "server.pem"
SHUTDOWN_SECONDS = 1.0


class StartError(RuntimeError):
    """The lab cannot start; the message is one sentence."""


async def serve(
    folder: Path,
    scenario: str,
    *,
    fabric: str = "simulated",
    speed: float = 1.0,
    port: int | None = None,
    leash: int | None = None,
) -> None:
    """Run the lab until the process is told to end, or nobody holds its leash any more."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    if leash is not None:
        os.set_inheritable(leash, False)
        loop.add_reader(leash, _let_go, leash, ending)
    plan = load(scenario)
    store, now = Store(), datetime.now(UTC)
    populate(store, plan, now)
    stage = Stage(store, plan, now, speed)
    async with AsyncExitStack() as stack:
        carrier = await _fabric(fabric, store, stack)
        running = await _servers(
            folder, scenario, plan, store, carrier, stage, stack, fabric=fabric, speed=speed, port=port
        )
        await stage.start()
        stack.push_async_callback(stage.stop)
        state.write(folder, running)
        stack.callback(_forget, folder, running)
        log.info("ready: %s", running)
        await ending.wait()
        log.info("ending")


async def _fabric(name: str, store: Store, stack: AsyncExitStack) -> Fabric:
    carrier: Fabric
    if name == "kernel":
        from lab.fabric.kernel.client import KernelUnavailableError
        from lab.fabric.kernel.fabric import Kernel

        carrier = Kernel(store)
        try:
            await carrier.start()
        except KernelUnavailableError as error:
            raise StartError(str(error)) from error
    else:
        carrier = Simulated(store)
        await carrier.start()
    stack.push_async_callback(carrier.stop)
    return carrier


async def _servers(
    folder: Path,
    scenario: str,
    plan: Scenario,
    store: Store,
    carrier: Fabric,
    stage: Stage,
    stack: AsyncExitStack,
    *,
    fabric: str,
    speed: float,
    port: int | None,
) -> state.Running:
    authority, pem = pki.certificates()
    _show_authority(store, plan, authority)
    token = secrets.token_urlsafe(24)
    board = faults.Board()
    tokens: dict[str, User] = {}
    rights = Switch(store, plan.cluster.project, tokens, token)
    kube = KubeServer(store, carrier, tokens=tokens, speed=speed, board=board)
    tls = _tls(folder, pem)
    kube_port = await stack.enter_async_context(site(kube.app(), port or 0, tls))
    compute = ComputeServer(store, speed=speed, board=board)
    stage.on_turn(compute.node_routes.start_anew)
    compute_port = await stack.enter_async_context(site(compute.app(), 0))
    container_port = await stack.enter_async_context(site(ContainerServer(store, board=board).app(), 0))
    manager_port = await stack.enter_async_context(site(resourcemanager.app(store), 0))
    desk_port = await stack.enter_async_context(site(desk.app(carrier, stage, board, rights), 0))
    cluster = plan.cluster
    url = f"https://{HOST}:{kube_port}"
    context = f"gke_{cluster.project}_{cluster.zone}_{cluster.name}"
    state.put(folder / state.KUBECONFIG, pki.kubeconfig(url, authority, token, context))
    stack.callback((folder / state.KUBECONFIG).unlink, missing_ok=True)
    pid = os.getpid()
    return state.Running(
        scenario=scenario,
        title=plan.title,
        fabric=fabric,
        speed=speed,
        pid=pid,
        born=state.born(pid) or "",
        project=cluster.project,
        kubeconfig=str(folder / state.KUBECONFIG),
        kubernetes=url,
        compute=f"http://{HOST}:{compute_port}",
        container=f"http://{HOST}:{container_port}",
        resources=f"http://{HOST}:{manager_port}",
        desk=f"http://{HOST}:{desk_port}",
        log=str(folder / state.LOG),
    )


def _tls(folder: Path, pem: bytes) -> ssl.SSLContext:
    """A server context from `pem`, which touches the disk for a moment only: ssl reads nothing but files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    path = folder / SERVER_PEM
    state.put(path, pem)
    try:
        context.load_cert_chain(path)
    finally:
        path.unlink()
    return context


def _show_authority(store: Store, plan: Scenario, authority: bytes) -> None:
    cluster = plan.cluster
    table, key = store.table(f"container/{cluster.project}"), f"{cluster.zone}/{cluster.name}"
    found = table.get(key)
    found["masterAuth"] = {"clusterCaCertificate": base64.b64encode(authority).decode()}
    table.replace(key, found)


@asynccontextmanager
async def site(app: web.Application, port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve `app` on loopback; the port it got."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handler_cancellation=True)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port, ssl_context=tls).start()
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise StartError(
                _("Port {port} is in use or not allowed; choose another one with --port, or leave --port out.").format(
                    port=port
                )
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _let_go(leash: int, ending: asyncio.Event) -> None:
    asyncio.get_running_loop().remove_reader(leash)
    log.info("whoever started this lab has gone")
    ending.set()


def _forget(folder: Path, running: state.Running) -> None:
    found = state.read(folder)
    if found is not None and (found.pid, found.born) == (running.pid, running.born):
        (folder / state.FILE).unlink(missing_ok=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the lab; 0 when it was told to end, 1 when it could not start or broke down."""
    parser = argparse.ArgumentParser(prog="lab.daemon")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--fabric", choices=("simulated", "kernel"), default="simulated")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--port", type=int, default=None)
    parser.add_argument("--leash", type=int, default=None)
    args = parser.parse_args(argv)
    folder: Path = args.folder
    os.umask(0o077)
    logging.basicConfig(
        filename=folder / state.LOG, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(
            serve(folder, args.scenario, fabric=args.fabric, speed=args.speed, port=args.port, leash=args.leash)
        )
    except (ScenarioError, StartError) as error:
        log.error("%s", error)
        state.put(folder / state.FAILURE, str(error))
        return 1
    except Exception:
        log.exception("the lab broke down")
        with contextlib.suppress(OSError):
            said = _("The lab broke down; {log} has the details.").format(log=folder / state.LOG)
            state.put(folder / state.FAILURE, said)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
