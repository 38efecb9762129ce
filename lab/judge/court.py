"""Predict and carry the same connections, and compare: what came of each, and where its packets were last seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from random import Random
from typing import Any

from lab import truth
from lab.agent import Agents
from lab.build import populate
from lab.fabric.kernel.blueprint import Blueprint
from lab.fabric.kernel.client import KeeperClient
from lab.fabric.kernel.cloud import Cloud, read
from lab.fabric.kernel.machines import blueprint, node_key, pod_name, router_name, vm_name
from lab.judge.extras import embellish
from lab.judge.worlds import ranges, world
from lab.scenario.model import Scenario
from lab.store import Store
from rules.build import build
from rules.path import Hop, Leg, Source, Verdict, Walk
from rules.snapshot import Outcome, Target
from rules.walk import walk
from rules.world import World

SECONDS = 0.15
LONGER = 0.7
"""Before the kernel sends its first packet again (after 1 s), whose way would be cut in the middle."""
TURNS = 3
"""How often a connection that disagrees is carried again."""
PORTS = (80, 80, 8080)


@dataclass(frozen=True)
class Connection:
    """One thing to try: from where (as the model and as the kernel name it) to which address."""

    source: Source
    namespace: str
    dest: IPv4Address
    port: int

    def __str__(self) -> str:
        return f"{self.source.pod or self.source.node or self.source.vm} -> {self.dest}:{self.port}"


@dataclass(frozen=True)
class Finding:
    """One connection, predicted and carried. A site is a leg and the namespace in which it ended."""

    seed: int
    connection: Connection
    predicted: str | None
    predicted_sites: frozenset[str]
    observed: str
    observed_site: str
    walk: Walk
    trace: tuple[dict[str, Any], ...]

    @property
    def told(self) -> bool:
        """Whether the model dared to say."""
        return self.predicted is not None

    @property
    def agrees(self) -> bool:
        if not self.told:
            return True
        return self.predicted == self.observed and (
            not self.predicted_sites or self.observed_site in self.predicted_sites
        )

    def __str__(self) -> str:
        model = f"{self.predicted} {' or '.join(sorted(self.predicted_sites))}"
        return f"world {self.seed}: {self.connection}: model {model}, kernel {self.observed} {self.observed_site}"


async def judge(client: KeeperClient, seed: int, *, scenario: Scenario | None = None) -> list[Finding]:
    """All connections of one world. What disagrees is carried again with more patience, and counts when seen again:
    on a busy machine the ears may miss a packet, and the kernel may send one again."""
    scenario = scenario or world(seed)
    store, plan = made(scenario, seed)
    models = _models(store)
    asked = connections(store, scenario)
    await client.apply(plan)
    found = await _carry(client, plan, store, seed, models, asked, SECONDS)
    for _turn in range(TURNS):
        doubted = list(dict.fromkeys(finding.connection for finding in found if not finding.agrees))
        if not doubted:
            break
        again = await _carry(client, plan, store, seed, models, doubted, LONGER)
        found = [finding for finding in found if finding.connection not in doubted] + again
    return found


def _models(store: Store) -> tuple[World, World]:
    """The world with every node's nat table read, and the world in which only the agents' configuration is known."""
    told = truth.snapshot(store)
    return build(told), build(replace(told, node_nat={}))


def made(scenario: Scenario, seed: int | None = None) -> tuple[Store, Blueprint]:
    """The scenario's store, embellished where `seed` is given, with the agents' work done, and its blueprint."""
    store = Store()
    populate(store, scenario)
    if seed is not None:
        embellish(Random(seed), store, ranges(scenario))  # noqa: S311  reproducible, not secret
    Agents(store).settle()
    return store, blueprint(store)


def connections(store: Store, scenario: Scenario) -> list[Connection]:
    """What is tried in a world: every pod, node and VM to every VM, every VM to every pod, and pods to pods."""
    vms = [(Source(vm=f"{vm.project}/{vm.name}"), vm_name(f"{vm.project}/{vm.name}"), vm) for vm in scenario.vms]
    pods = [(Source(pod=pod.ref), pod_name(str(pod.ref)), pod) for pod in scenario.pods if not pod.host_network]
    hosts = [(Source(pod=pod.ref), vm_name(node_key(store, pod.node))) for pod in scenario.pods if pod.host_network]
    nodes = [(Source(node=node.name), vm_name(node_key(store, node.name))) for node in scenario.nodes]
    starts = [(source, name) for source, name, _ in pods] + nodes + hosts
    starts += [(source, name) for source, name, vm in vms if vm.running]
    ends = [vm.address for _, _, vm in vms] + [pod.address for _, _, pod in pods if pod.address is not None]
    own = {name: vm.address for _, name, vm in vms} | {name: pod.address for _, name, pod in pods}
    return [
        Connection(source, name, dest, PORTS[number % len(PORTS)])
        for number, (source, name) in enumerate(starts)
        for dest in ends
        if own.get(name) != dest
    ]


async def _carry(
    client: KeeperClient,
    plan: Blueprint,
    store: Store,
    seed: int,
    models: Sequence[World],
    asked: Sequence[Connection],
    seconds: float,
) -> list[Finding]:
    attempts = [(each.namespace, str(each.dest), each.port) for each in asked]
    carried = await client.attempt(attempts, plan.namespaces, seconds)
    found, cloud = [], read(store)
    for connection, result in zip(asked, carried, strict=True):
        outcome, site = _observed(result, connection.namespace)
        # only a pod's packets are masqueraded, so other senders' ways are the same in both models
        for model in models if connection.source.pod else models[:1]:
            way = walk(model, connection.source, Target(str(connection.dest), connection.port))
            predicted = None if way.outcome is None else str(way.outcome)
            expected = _expected(store, cloud, way) if predicted not in (None, Outcome.OK) else frozenset()
            trace = tuple(result["seen"])
            found.append(Finding(seed, connection, predicted, expected, outcome, site, way, trace))
    return found


def _observed(result: dict[str, Any], origin: str) -> tuple[str, str]:
    """A refusal has come home as well as an answer has: whether something listens is not the way's business."""
    if result["outcome"] in ("ok", "refused"):
        return Outcome.OK, ""
    requests = [each for each in result["seen"] if each["kind"] == "request"]
    answers = [each for each in result["seen"] if each["kind"] == "answer"]
    ended = _end(requests, origin)
    if not answers:
        return result["outcome"], f"{Leg.FORWARD} {ended}"
    return result["outcome"], f"{Leg.RETURN} {_end(answers, ended)}"


def _end(packets: Sequence[dict[str, Any]], origin: str) -> str:
    """The namespaces that more packets came to, or began in, than left."""
    balance = Counter({origin: 1})
    for each in packets:
        balance[each["namespace"]] += 1 if each["way"] == "in" else -1
    return " ".join(sorted(name for name, count in balance.items() if count > 0))


def _expected(store: Store, cloud: Cloud, way: Walk) -> frozenset[str]:
    """Where the packet may end: at the first break, or at a doubt before it. That is one namespace, or any of a
    network that the packet has strayed into or whose equal routes share the flows."""
    sites = set()
    for hop in way.hops:
        if hop.verdict is Verdict.OK:
            continue
        found = {_site(store, hop)}
        strayed = hop.reason == "ROUTE_WRONG_NETWORK" or (hop.verdict is Verdict.UNKNOWN and hop.kind == "deliver")
        if hop.vpc is not None and (strayed or any(_shared(each) for each in way.hops if each.leg is hop.leg)):
            found |= {vm_name(vm.key) for vm in cloud.vms if vm.net == (hop.vpc.project, hop.vpc.name)}
        sites |= {f"{hop.leg} {site}" for site in found}
        if hop.verdict in (Verdict.DROP, Verdict.REJECT):
            break
    return frozenset(sites)


def _shared(hop: Hop) -> bool:
    return sum(each.why_not is None for each in hop.candidates) > 1


def _site(store: Store, hop: Hop) -> str:
    kind, _, name = hop.at.partition(" ")
    inside_node = hop.kind in ("policy", "deliver") or hop.vpc is None
    if kind == "pod":
        pod = store.table("kube/pods").get(name)
        return vm_name(node_key(store, pod["spec"]["nodeName"]))
    if kind == "node" and inside_node:
        return vm_name(node_key(store, name))
    if hop.vpc is None:
        return hop.at
    return router_name((hop.vpc.project, hop.vpc.name))
