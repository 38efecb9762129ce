"""GKE's route controller: one static route for each node of a routes-based cluster.

It follows the `kube/nodes` table as cloud-provider-gcp's route controller does: a node with a pod range and no route
gets one, a node that is gone loses its route, a route that somebody deleted comes back. Nodes whose route is missing or
wrong when it starts are left as they are: the scenario meant them so. Only a node that is minutes old, and of which no
event says that it was refused, gets its route a minute later.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lab.compute.links import last, link, part, relative
from lab.compute.objects import NODE_ROUTE, cluster_prefix, node_route
from lab.compute.operations import now
from lab.store import Event, Object, Store

RECONCILE = 10.0
YOUNG, ON_ITS_WAY = timedelta(minutes=5), 60.0


@dataclass(frozen=True)
class _Cluster:
    project: str
    network: str
    network_project: str
    prefix: str

    @property
    def routes(self) -> str:
        return f"compute/{self.network_project}/routes"


@dataclass(frozen=True)
class _Wanted:
    """The route that a node should have: `name`, the Node's `uid`, its VM and its pod range."""

    uid: str
    zone: str
    instance: str
    pod_range: str


class NodeRoutes:
    """Keeps the node routes of every routes-based cluster of a store."""

    def __init__(self, store: Store, *, speed: float = 1.0) -> None:
        self._store = store
        self._delay = RECONCILE / speed
        self._look()
        self._on_its_way = ON_ITS_WAY / speed
        self._seen: set[tuple[str, str | None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._arrival: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._forget = store.listen(self._changed)

    def _look(self) -> None:
        self._clusters = [found for found in map(_cluster, _all_clusters(self._store)) if found is not None]
        self._left_alone = {
            wanted.uid
            for cluster in self._clusters
            for wanted in self._wanted(cluster)
            if self._route(cluster, wanted) is None
        }
        self._young = {uid for uid in self._left_alone if uid in _young_nodes(self._store)}

    def start(self) -> None:
        """Begin to act on changes; call it on the lab's event loop."""
        self._loop = asyncio.get_running_loop()
        if self._young:
            self._arrival = self._loop.call_later(self._on_its_way, self.arrive)

    def start_anew(self) -> None:
        """Take the store as it is now for the beginning: the lab has become another scenario."""
        self._rest()
        self._look()
        if self._loop is not None:
            self.start()

    def arrive(self) -> None:
        """The routes of young nodes are there."""
        self._left_alone -= self._young
        self._young.clear()
        self.reconcile()
        nodes = self._store.table("kube/nodes")
        for name, node in nodes.items():
            conditions = node.get("status", {}).get("conditions", [])
            if node["metadata"]["uid"] in self._left_alone:
                continue
            if any(_waits(each) for each in conditions):
                node["status"]["conditions"] = [
                    {**each, **CREATED, "lastTransitionTime": now()} if _waits(each) else each for each in conditions
                ]
                nodes.replace(name, node)

    def close(self) -> None:
        """Stop."""
        self._forget()
        self._rest()

    def _rest(self) -> None:
        for timer in (self._timer, self._arrival):
            if timer is not None:
                timer.cancel()
        self._timer = self._arrival = None

    def reconcile(self) -> None:
        """Make the routes what the nodes ask for, once."""
        self._timer = None
        for cluster in self._clusters:
            table = self._store.table(cluster.routes)
            wanted = {item.uid: item for item in self._wanted(cluster) if item.uid not in self._left_alone}
            for name, route in table.items():
                uid = name.removeprefix(f"{cluster.prefix[:26]}-")
                ours = uid != name and route.get("description") == NODE_ROUTE
                if ours and uid not in self._left_alone and not _fits(route, wanted.get(uid)):
                    table.remove(name)
            for item in wanted.values():
                if self._route(cluster, item) is None:
                    route = _made(cluster, item)
                    table.put(route["name"], route)

    def _changed(self, event: Event) -> None:
        if event.table == "kube/nodes":
            node = (event.object["metadata"]["uid"], event.object.get("spec", {}).get("podCIDR"))
            watched = event.type != "MODIFIED" or node not in self._seen
            self._seen.add(node)
        else:
            watched = event.type == "DELETED" and any(event.table == cluster.routes for cluster in self._clusters)
        if watched and self._loop is not None and self._timer is None:
            self._timer = self._loop.call_later(self._delay, self.reconcile)

    def _wanted(self, cluster: _Cluster) -> list[_Wanted]:
        if "kube/nodes" not in self._store.names("kube/nodes"):
            return []
        found = []
        for node in self._store.table("kube/nodes").values():
            spec = node.get("spec", {})
            provider = str(spec.get("providerID", "")).removeprefix("gce://").split("/")
            if len(provider) == 3 and provider[0] == cluster.project and spec.get("podCIDR"):
                found.append(_Wanted(node["metadata"]["uid"], provider[1], provider[2], spec["podCIDR"]))
        return found

    def _route(self, cluster: _Cluster, wanted: _Wanted) -> Object | None:
        found = self._store.table(cluster.routes).find(f"{cluster.prefix[:26]}-{wanted.uid}")
        return found if found is not None and _fits(found, wanted) else None


CREATED = {"status": "False", "reason": "RouteCreated", "message": "NodeController create implicit route"}


def _waits(condition: Object) -> bool:
    return bool(condition.get("type") == "NetworkUnavailable" and condition.get("status") == "True")


def _young_nodes(store: Store) -> set[str]:
    """uids of nodes that are minutes old and of which no event says that their route was refused."""
    if "kube/nodes" not in store.names("kube/nodes"):
        return set()
    events = store.table("kube/events").values() if "kube/events" in store.names("kube/events") else []
    refused = {each["involvedObject"].get("name") for each in events if each.get("reason") == "FailedToCreateRoute"}
    since = (datetime.now(UTC) - YOUNG).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        node["metadata"]["uid"]
        for name, node in store.table("kube/nodes").items()
        if node["metadata"].get("creationTimestamp", "") > since and name not in refused
    }


def _fits(route: Object, wanted: _Wanted | None) -> bool:
    if wanted is None:
        return False
    hop = route.get("nextHopInstance", "")
    return route["destRange"] == wanted.pod_range and (part(hop, "zones"), last(hop)) == (wanted.zone, wanted.instance)


def _made(cluster: _Cluster, wanted: _Wanted) -> Object:
    vm = f"projects/{cluster.project}/zones/{wanted.zone}/instances/{wanted.instance}"
    return node_route(
        cluster.network_project,
        cluster.network,
        cluster.prefix,
        wanted.uid,
        wanted.zone,
        link(vm),
        wanted.pod_range,
        created=now(),
    )


def _all_clusters(store: Store) -> list[tuple[str, Object]]:
    names = store.names("container/")
    return [(name.partition("/")[2], cluster) for name in names for cluster in store.table(name).values()]


def _cluster(named: tuple[str, Object]) -> _Cluster | None:
    project, cluster = named
    if not cluster.get("ipAllocationPolicy", {}).get("useRoutes"):
        return None
    path = relative(cluster["networkConfig"]["network"])
    prefix = cluster_prefix(project, cluster["location"], cluster["name"])
    return _Cluster(project, last(path), part(path, "projects"), prefix)
