"""One lab on loopback whose servers misbehave on demand, and a session's way through it, call by call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from lab.build import populate
from lab.compute.server import ComputeServer
from lab.container import ContainerServer
from lab.fabric.simulated import Simulated
from lab.faults import Board, Fault
from lab.faults.kinds import EXEC, kinds
from lab.kube.access import User
from lab.kube.server import KubeServer
from lab.scenario import load
from lab.store import Store
from probes import cloud, compute, kube, kubeconfig, patience, warmup
from probes.ask import Ask
from probes.cloud_reads import CloudReads
from probes.cluster_reads import ClusterReads
from probes.compute import Compute
from probes.errors import ProbeError
from probes.events import Announced, one_at_a_time
from probes.evidence import Evidence
from probes.kube import Kube
from probes.reader import Reader
from probes.session import Session
from probes.tasks import Tasks
from rules.evaluate import evaluate
from rules.snapshot import PodRef, Question, Snapshot, Target

ASK = Ask(PodRef("default", "my-pod"), Target("10.2.0.10", 80, "tcp", "/health"), local=Target("10.1.0.21", 80))
CONNECTING, CREATING, DELETING = "kubernetes.pods.get", "kubernetes.pods.create", "kubernetes.pods.delete"
READS = (
    "kubernetes.nodes.list",
    "kubernetes.nodes.get",
    "kubernetes.daemonsets.list",
    "kubernetes.pods.list",
    "kubernetes.configmaps.list",
    "kubernetes.networkpolicies.list",
    "kubernetes.services.list",
    "kubernetes.namespaces.get",
    "kubernetes.egressnatpolicies.list",
    "container.clusters.get",
    "compute.instances.get",
    "compute.networks.get",
    "compute.networks.listPeeringRoutes",
    "compute.networks.getEffectiveFirewalls",
    "compute.instances.getEffectiveFirewalls",
    "compute.routes.list",
    "compute.subnetworks.aggregatedList",
    "compute.instances.aggregatedList",
    "compute.forwardingRules.aggregatedList",
    "compute.routers.aggregatedList",
    "compute.routers.getRouterStatus",
)
CALLS = (CONNECTING, *READS, CREATING, DELETING, EXEC)
# Faults that show themselves only by waiting.
SLOW = ("hang", "drip", "429", "exec-silent", "exec-endless")
PAGES = 25


def cells() -> list[tuple[str, str]]:
    """Every fault on every call that it fits."""
    return [(name, call) for name, kind in kinds().items() for call in CALLS if kind.befalls(call)]


@dataclass
class Stage:
    """Running servers, the board of their faults, and what their addresses are called in sentences."""

    board: Board
    names: dict[str, str]

    def words(self, text: str) -> str:
        """`text` without what differs from run to run: addresses of servers, names of probe pods, waiting times."""
        for address, name in self.names.items():
            text = text.replace(address, name)
        text = re.sub(r"wayhome-probe-[0-9a-f]{6}", "wayhome-probe-…", text)
        text = re.sub(r"after \d+ pages", "after … pages", text)
        return " ".join(text.split())


@contextlib.contextmanager
def stage(scenario: str = "article") -> Iterator[Stage]:
    """Serve `scenario`, with the environment set so that a Session finds it."""
    warmup.google()
    store, board = Store(), Board()
    populate(store, load(scenario))
    _add_router(store)
    fabric = Simulated(store)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runners: list[web.AppRunner] = []

    async def serve(app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def end() -> None:
        for runner in runners:
            for connection in runner.server.connections if runner.server else ():
                if connection.transport is not None:
                    connection.transport.abort()
            await runner.cleanup()
        await fabric.stop()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    run(fabric.start())
    kube = KubeServer(store, fabric, tokens={"good": User("lab-admin")}, speed=50, board=board)
    urls = {
        "KUBERNETES": run(serve(kube.app())),
        "COMPUTE": run(serve(ComputeServer(store, speed=50, board=board).app())),
        "GKE": run(serve(ContainerServer(store, board=board).app())),
    }
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "kubeconfig"
        config.write_text(yaml.safe_dump(_kubeconfig(urls["KUBERNETES"])))
        os.environ |= {
            "KUBECONFIG": str(config),
            "WAYHOME_COMPUTE_ENDPOINT": urls["COMPUTE"],
            "WAYHOME_CONTAINER_ENDPOINT": urls["GKE"],
        }
        try:
            yield Stage(board, {url.removeprefix("http://"): name for name, url in urls.items()})
        finally:
            os.environ.clear()
            os.environ.update(before)
            run(end())
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


def _add_router(store: Store) -> None:
    """A Cloud Router beside the incident, so that its status is read as well."""
    project = "https://www.googleapis.com/compute/v1/projects/project-a"
    region = f"{project}/regions/asia-northeast1"
    store.table("compute/project-a/routers").create(
        "asia-northeast1/router-1",
        {
            "kind": "compute#router",
            "id": "4711",
            "name": "router-1",
            "region": region,
            "network": f"{project}/global/networks/vpc-a",
            "selfLink": f"{region}/routers/router-1",
            "bgp": {"asn": 64512},
        },
    )


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "gke_project-a_asia-northeast1-a_cluster-1",
        "contexts": [{"name": "gke_project-a_asia-northeast1-a_cluster-1", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": url}}],
        "users": [{"name": "it", "user": {"token": "good"}}],
    }


@dataclass(frozen=True)
class Seen:
    """What a person sees of one fault: the sentences, and the Snapshot that was left."""

    sentences: tuple[str, ...]
    snapshot: Snapshot


def see(on: Stage, fault: str, call: str) -> Seen:
    """Let `fault` befall every `call`, ask the question, and collect what is said of it."""
    heard: list[object] = []
    said: list[str] = []
    on.board.clear()
    try:
        evidence = _read(on, fault, call, heard) if call in READS else _measure(on, fault, call, heard, said)
    finally:
        on.board.clear()
    told = {probe.why for probe in evidence.probes}  # these come below, by their probe
    said += [f"{one.what}: {one.why}" for one in evaluate(evidence).unknowns if one.why not in told]
    said += [one.sentence for one in heard if isinstance(one, Announced) and "could not be deleted" in one.sentence]
    return Seen(tuple(sorted({on.words(sentence) for sentence in said})), evidence)


def _read(on: Stage, fault: str, call: str, heard: list[object]) -> Snapshot:
    """The half of a Session's reading that makes `call`: the cluster's, or the cloud's."""
    client = Kube(kubeconfig.find(None, None))
    try:
        pod = client.get(kube.path("v1", "pods", "default", "my-pod"))
        node = client.get(kube.path("v1", "nodes", "", "gke-node-01"))
        reader = Reader(Evidence(Question(ASK.pod, ASK.target, ASK.local)), Tasks(24), one_at_a_time(heard.append))
        on.board.add(Fault(fault, call))
        if call.startswith("kubernetes."):
            reads = ClusterReads(client, reader, ASK.pod, pod)
            reads.all(lambda: None)
            if call == "kubernetes.nodes.get":
                reads.node()
        else:
            login = cloud.Login()
            clouds = Compute(login)
            try:
                CloudReads(clouds, login, reader, ASK, client.access.context).all(node)
            finally:
                clouds.close()
        return reader.evidence.snapshot()
    finally:
        client.close()


def _measure(on: Stage, fault: str, call: str, heard: list[object], said: list[str]) -> Snapshot:
    on.board.add(Fault(fault, call))
    session = Session(ASK, heard.append)
    try:
        session.connect()
        if call != CONNECTING:
            session.probe("pod-peer" if call == EXEC else "node-peer")
    except ProbeError as error:
        said.append(error.sentence)
    finally:
        session.close()
    snapshot = session.snapshot()
    said += [f"{one.id}: {one.outcome}" + (f": {one.why}" if one.why else "") for one in snapshot.probes]
    return snapshot


@contextlib.contextmanager
def impatient(fault: str) -> Iterator[None]:
    """Shorter deadlines for faults that show themselves only by waiting."""
    pages = kube.MAX_PAGES
    if fault in SLOW:
        os.environ[patience.VARIABLE] = "0.2"
    if fault == "pages":
        kube.MAX_PAGES = compute.MAX_PAGES = PAGES
    try:
        yield
    finally:
        os.environ.pop(patience.VARIABLE, None)
        kube.MAX_PAGES = compute.MAX_PAGES = pages
