"""Servers to read from: the lab's own Compute and GKE, and a small Kubernetes that does as a test says."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import WSMsgType, web

from lab.build import populate
from lab.scenario import load
from lab.store import Store
from probes import warmup
from probes.ask import Ask
from rules.snapshot import PodRef, Target

Object = dict[str, Any]
Answer = tuple[int, str, str]


class Loop:
    """An event loop in a thread that serves applications on loopback."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._runners: list[web.AppRunner] = []

    def serve(self, app: web.Application) -> str:
        """Serve `app` and return its URL."""
        return self.run(self._serve(app))

    async def _serve(self, app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def close(self) -> None:
        async def end() -> None:
            for runner in self._runners:
                for connection in runner.server.connections if runner.server else ():
                    if connection.transport is not None:
                        connection.transport.abort()  # a client that stopped reading would keep it open
                await runner.cleanup()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for _turn in range(3):
                await asyncio.sleep(0)  # closed transports say goodbye on the loop's next turns

        self.run(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


@dataclass
class Cluster:
    """A Kubernetes API that serves a store's objects. `execute` answers commands, `faults` maps METHOD PATH to a
    handler that takes the place of the answer, `requests` are METHOD and path with query as they came."""

    store: Store
    execute: Callable[[str, str, list[str]], Answer | str] = lambda *_: (127, "", "")
    faults: dict[str, Callable[[web.Request], Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    commands: list[tuple[str, list[str]]] = field(default_factory=list)
    pod_phase: str = "Running"
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        fault = self.faults.get(f"{request.method} {request.path}")
        if fault is not None:
            found: web.StreamResponse = await fault(request)
            return found
        if request.headers.get("Authorization") != "Bearer good":
            return status(401, "Unauthorized")
        parts = request.path.strip("/").split("/")
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        space = ""
        if parts[0] == "namespaces" and len(parts) > 2:
            space, parts = parts[1], parts[2:]
        plural, name = parts[0], parts[1] if len(parts) > 1 else ""
        if len(parts) > 2:
            return await self._exec(request, space, name)
        if plural == "egressnatpolicies" and not len(self.store.table("kube/egressnatpolicies")):
            return status(404, "the server could not find the requested resource")
        table = self.store.table(f"kube/{plural}")
        key = f"{space}/{name}" if space else name
        if request.method == "POST":
            body = await request.json()
            key = f"{space}/{body['metadata']['name']}"
            if key in table:
                return status(409, f'{plural} "{key}" already exists')
            body["metadata"].setdefault("uid", f"uid-{len(table)}")
            body["metadata"]["resourceVersion"] = str(self.store.version + 1)
            if plural == "pods":
                running = {"name": "probe", "state": {"running": {}}}
                body["status"] = {"phase": self.pod_phase, "containerStatuses": [running]}
            if request.query.get("dryRun") != "All":
                table.create(key, body)
            return web.json_response(body, status=201)
        if name and key not in table:
            return status(404, f'{plural} "{name}" not found')
        if request.method in ("PUT", "DELETE"):
            return await self._change(request, table, key)
        if name:
            return web.json_response(table.get(key))
        items = [one for one in table.values() if not space or one["metadata"].get("namespace") == space]
        return web.json_response(_page(request, _selected(request, items)))

    async def _change(self, request: web.Request, table: Any, key: str) -> web.Response:
        now, body = table.get(key), await request.json()
        wanted = body["metadata"] if request.method == "PUT" else body.get("preconditions", {})
        for word in ("uid", "resourceVersion"):
            if word in wanted and wanted[word] != now["metadata"].get(word):
                return status(409, f"the {word} in the precondition does not match")
        if request.query.get("dryRun") != "All":
            if request.method == "DELETE":
                table.remove(key)
            else:
                body["metadata"]["resourceVersion"] = str(self.store.version + 1)
                table.replace(key, body)
        return web.json_response(body)

    async def _exec(self, request: web.Request, space: str, pod: str) -> web.StreamResponse:
        argv = request.query.getall("command")
        self.commands.append((pod, argv))
        found = await asyncio.to_thread(self.execute, pod, request.query.get("container", ""), argv)
        socket = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
        await socket.prepare(request)
        if found == "hang":
            async for message in socket:
                if message.type == WSMsgType.CLOSE:
                    break
            return socket
        if found == "flood":
            try:
                for _ in range(50):
                    await socket.send_bytes(b"\x01" + b"x" * (1 << 20))
            except ConnectionError:
                pass
            return socket
        if found == "drop":
            await socket.close()
            return socket
        if isinstance(found, str):
            error = {"status": "Failure", "reason": "InternalError", "message": found}
        else:
            code, out, err = found
            if out:
                await socket.send_bytes(b"\x01" + out.encode("utf-8", "surrogateescape"))
            if err:
                await socket.send_bytes(b"\x02" + err.encode("utf-8", "surrogateescape"))
            causes = [{"reason": "ExitCode", "message": str(code)}]
            error = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
            error["message"] = f"command terminated with exit code {code}"
            if code == 0:
                error = {"status": "Success"}
        await socket.send_bytes(b"\x03" + json.dumps(error).encode())
        await socket.close()
        return socket


def status(code: int, message: str) -> web.Response:
    """A Kubernetes Status."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}
    return web.json_response(body, status=code)


def _selected(request: web.Request, items: list[Object]) -> list[Object]:
    for pair in filter(None, request.query.get("labelSelector", "").split(",")):
        key, value = pair.split("=", 1)
        items = [one for one in items if one["metadata"].get("labels", {}).get(key) == value]
    for pair in filter(None, request.query.get("fieldSelector", "").split(",")):
        path, value = pair.split("=", 1)
        items = [one for one in items if _at(one, path) == value]
    return items


def _at(item: Any, path: str) -> Any:
    for part in path.split("."):
        item = item.get(part, {})
    return item


def _page(request: web.Request, items: list[Object]) -> Object:
    start, limit = int(request.query.get("continue", 0)), int(request.query.get("limit", 0)) or len(items)
    rest = {"continue": str(start + limit)} if start + limit < len(items) else {}
    return {"kind": "List", "apiVersion": "v1", "metadata": rest, "items": items[start : start + limit]}


@pytest.fixture(scope="session")
def warm() -> None:
    """The cloud clients, imported before anything is timed."""
    warmup.google()


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def article() -> Store:
    """The world of the scenario `article`."""
    store = Store()
    populate(store, load("article"))
    return store


@pytest.fixture
def cluster(warm: None, article: Store, loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The article's cluster, with a kubeconfig that leads to it and the lab's Compute and GKE APIs beside it."""
    from lab.compute.server import ComputeServer
    from lab.container import ContainerServer

    made = Cluster(article)
    made.url = loop.serve(made.app())
    config = tmp_path / "kubeconfig"
    config.write_text(yaml.safe_dump(kubeconfig(made.url)))
    monkeypatch.setenv("KUBECONFIG", str(config))
    monkeypatch.setenv("WAYHOME_COMPUTE_ENDPOINT", loop.serve(ComputeServer(article, speed=1000).app()))
    container = loop.serve(ContainerServer(article).app())
    monkeypatch.setenv("WAYHOME_CONTAINER_ENDPOINT", container)
    monkeypatch.setenv("WAYHOME_NETWORKCONNECTIVITY_ENDPOINT", container)
    return made


def kubeconfig(url: str) -> Object:
    """A kubeconfig with one context, `it`."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": url}}],
        "users": [{"name": "it", "user": {"token": "good"}}],
    }


@pytest.fixture
def ask() -> Ask:
    """The article's question."""
    return Ask(PodRef("default", "my-pod"), Target("10.2.0.10", 80, "tcp", "/health"))
