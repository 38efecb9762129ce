"""The only module that changes anything: every write insists on what was shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from probes import cloud, kube, write
from probes.compute import Compute
from probes.errors import (
    CallError,
    ChangedMeanwhileError,
    ChangeError,
    ForbiddenError,
    LoginError,
    UnreachableError,
)
from probes.kube import Kube
from probes.kubeconfig import find
from rules.remedies import manifest
from rules.snapshot import PodRef

PATH = "/api/v1/namespaces/kube-system/configmaps"
WANTED = {"data": {"config": "nonMasqueradeCIDRs: []\n"}}
PEERING = ("project-a", "vpc-a", "a-to-b")


@pytest.fixture
def client(cluster) -> Iterator[Kube]:
    made = Kube(find(None, None))
    yield made
    made.close()


def put(client: Kube, live: Any, wanted: Any, dry_run: bool = False) -> Any:
    return write.write_config_map(client, "kube-system", "ip-masq-agent", live, wanted, dry_run=dry_run)


def test_a_config_map_is_created_changed_and_deleted(cluster, client: Kube) -> None:
    table = cluster.store.table("kube/configmaps")
    rehearsed = put(client, None, WANTED, dry_run=True)
    assert rehearsed["data"] == WANTED["data"]
    assert len(table) == 0
    made = put(client, None, WANTED)
    assert table.get("kube-system/ip-masq-agent")["data"] == WANTED["data"]
    kept = {**made, "metadata": {**made["metadata"], "labels": {"team": "x"}}}
    changed = put(client, made, {**kept, "data": {"config": "a: b"}, "binaryData": {"f": "aGk="}})
    assert changed["metadata"]["labels"] == {"team": "x"}
    assert (changed["data"], changed["binaryData"]) == ({"config": "a: b"}, {"f": "aGk="})
    assert put(client, changed, None, dry_run=True) is None
    assert len(table) == 1
    assert put(client, changed, None) is None
    assert len(table) == 0
    assert put(client, None, None) is None


def test_somebody_elses_change_stops_the_write(cluster, client: Kube) -> None:
    made = put(client, None, WANTED)
    put(client, made, {"data": {"config": "theirs"}})
    for wanted in (WANTED, None):
        with pytest.raises(ChangedMeanwhileError) as caught:
            put(client, made, wanted)
        assert "plan again" in caught.value.sentence
    with pytest.raises(ChangedMeanwhileError):
        put(client, None, WANTED)
    assert cluster.store.table("kube/configmaps").get("kube-system/ip-masq-agent")["data"] == {"config": "theirs"}


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(403, ForbiddenError, "create configmaps"), (401, LoginError, "log in again"), (422, ChangeError, "refused: odd")],
)
def test_a_refused_write_says_why(status: int, kind: type, words: str, cluster, client: Kube) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"message": "odd"}, status=status)

    cluster.faults[f"POST {PATH}"] = refuse
    with pytest.raises(kind) as caught:
        put(client, None, WANTED)
    assert words in caught.value.sentence


def test_a_lost_answer_is_not_called_a_failure(cluster, client: Kube) -> None:
    async def reset(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    cluster.faults[f"POST {PATH}"] = reset
    with pytest.raises(UnreachableError, match="look whether it was"):
        put(client, None, WANTED)
    assert sum(request.startswith("POST") for request in cluster.requests) == 1


def test_an_agent_is_created_and_deleted_whatever_its_status_did(cluster, client: Kube) -> None:
    table, key = cluster.store.table("kube/daemonsets"), "kube-system/ip-masq-agent"
    address = ("DaemonSet", "kube-system", "ip-masq-agent")
    table.remove(key)
    wanted = manifest.daemon_set(all_reserved=True)
    rehearsed = write.write_object(client, *address, None, wanted, dry_run=True)
    assert rehearsed is not None
    assert key not in table
    made = write.write_object(client, *address, None, wanted)
    assert made is not None
    assert table.get(key)["spec"]["template"]["spec"]["containers"][0]["image"] == manifest.IMAGE
    with pytest.raises(ChangedMeanwhileError):
        write.write_object(client, *address, None, wanted)
    with pytest.raises(ChangedMeanwhileError):
        write.write_object(client, *address, {**made, "metadata": {**made["metadata"], "uid": "another"}}, None)
    assert key in table
    moved = {**made, "metadata": {**made["metadata"], "resourceVersion": "1"}}  # as each pod's readiness moves it
    assert write.write_object(client, *address, moved, None) is None
    assert key not in table


def test_of_a_policy_the_spec_is_written_and_the_rest_is_kept(cluster, client: Kube) -> None:
    path = kube.path("networking.gke.io/v1", "egressnatpolicies", "", "default")
    table = cluster.store.table("kube/egressnatpolicies")
    old = {"action": "NoSNAT", "destinations": [{"cidr": "10.0.0.0/8"}]}
    metadata = {"name": "default", "uid": "u", "resourceVersion": "1", "labels": {"theirs": "yes"}}
    table.put("default", {"metadata": metadata, "spec": old})
    live = client.get(path)
    new = {**live, "spec": {**old, "destinations": []}}
    assert write.write_object(client, "EgressNATPolicy", "", "default", live, new, dry_run=True) is not None
    assert table.get("default")["spec"] == old
    left = write.write_object(client, "EgressNATPolicy", "", "default", live, new)
    assert left is not None
    assert table.get("default")["spec"]["destinations"] == []
    assert table.get("default")["metadata"]["labels"] == {"theirs": "yes"}
    with pytest.raises(ChangedMeanwhileError, match="EgressNATPolicy default is no longer the one"):
        write.write_object(client, "EgressNATPolicy", "", "default", live, new)
    back = write.write_object(client, "EgressNATPolicy", "", "default", left, {**left, "spec": old})
    assert back is not None
    assert table.get("default")["spec"] == old


def test_a_pod_is_deleted_only_if_it_is_that_pod(cluster, client: Kube) -> None:
    manifest = {"metadata": {"namespace": "default", "name": "p"}, "spec": {}}
    ref, table = PodRef("default", "p"), cluster.store.table("kube/pods")
    made = write.create_pod(client, manifest)
    write.delete_pod(client, ref, uid="another")
    assert "default/p" in table
    write.delete_pod(client, ref, uid=made["metadata"]["uid"])
    assert "default/p" not in table
    write.delete_pod(client, ref)
    with pytest.raises(CallError):
        client.get(kube.path("v1", "pods", "default", "p"))


@pytest.fixture
def compute(cluster) -> Compute:
    return Compute(cloud.Login())


def update(compute: Compute, live: Any, wanted: Any, pauses: list[float] | None = None) -> Any:
    return write.update_peering(compute, *PEERING, live, wanted, pause=(pauses if pauses is not None else []).append)


def test_a_peering_is_changed_and_its_operation_waited_for(cluster, compute: Compute) -> None:
    found = update(compute, {"exportCustomRoutes": False}, {"exportCustomRoutes": True})
    assert (found["exportCustomRoutes"], found["importCustomRoutes"]) == (True, False)
    stored = cluster.store.table("compute/project-a/networks").get("vpc-a")["peerings"][0]
    assert stored["exportCustomRoutes"] is True
    found = update(compute, {"exportCustomRoutes": True}, {"exportCustomRoutes": False})
    assert found["exportCustomRoutes"] is False


def test_a_peering_that_somebody_changed_is_left_alone(compute: Compute) -> None:
    with pytest.raises(ChangedMeanwhileError, match="exportCustomRoutes"):
        update(compute, {"exportCustomRoutes": True}, {"exportCustomRoutes": False})
    with pytest.raises(ChangedMeanwhileError):
        write.update_peering(compute, "project-a", "vpc-a", "no-such", {}, {"exportCustomRoutes": True})


class Api:
    """A Compute API whose updatePeering answers in turn what a test says."""

    def __init__(self, *answers: tuple[int, Any], operation: Any = None) -> None:
        self.answers = list(answers)
        self.operation = operation or {"name": "op", "status": "DONE"}
        self.app = web.Application()
        base = "/compute/v1/projects/project-a/global"
        self.app.router.add_get(f"{base}/networks/vpc-a", self.network)
        self.app.router.add_patch(f"{base}/networks/vpc-a/updatePeering", self.update)
        self.app.router.add_post(f"{base}/operations/op/wait", self.wait)
        self.bodies: list[Any] = []
        self.ids: list[str] = []

    async def network(self, _: web.Request) -> web.Response:
        return web.json_response({"name": "vpc-a", "peerings": [{"name": "a-to-b", "exportCustomRoutes": False}]})

    async def update(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        self.ids.append(request.query.get("requestId", ""))
        status, body = self.answers.pop(0)
        return web.json_response(body, status=status)

    async def wait(self, _: web.Request) -> web.Response:
        return web.json_response(self.operation)


BUSY = {"error": {"code": 400, "message": "There is a peering operation in progress on the local or peer network."}}
STARTED = {"name": "op", "status": "RUNNING"}


@pytest.fixture
def serve(warm: None, loop, monkeypatch: pytest.MonkeyPatch):
    def start(api: Api) -> Compute:
        monkeypatch.setenv(cloud.COMPUTE, loop.serve(api.app))
        return Compute(cloud.Login())

    return start


def test_a_busy_peering_is_tried_again_with_growing_pauses(serve) -> None:
    api, pauses = Api((400, BUSY), (400, BUSY), (200, STARTED)), []
    update(serve(api), {"exportCustomRoutes": False}, {"exportCustomRoutes": True}, pauses)
    assert pauses == [1.0, 2.0]
    assert api.bodies == [{"networkPeering": {"name": "a-to-b", "exportCustomRoutes": True}}] * 3


def test_a_network_that_is_not_ready_is_tried_again(serve) -> None:
    words = "The resource 'projects/project-a/global/networks/vpc-a' is not ready"
    unready = {"error": {"code": 400, "message": words, "errors": [{"reason": "resourceNotReady", "message": words}]}}
    api, pauses = Api((400, unready), (200, STARTED)), []
    update(serve(api), {"exportCustomRoutes": False}, {"exportCustomRoutes": True}, pauses)
    assert pauses == [1.0]


def test_a_peering_that_stays_busy_is_given_up(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "BUSY_SECONDS", 0.5)
    api, pauses = Api((400, BUSY), (200, STARTED)), []
    with pytest.raises(ChangeError, match="peering operation in progress"):
        update(serve(api), {"exportCustomRoutes": False}, {"exportCustomRoutes": True}, pauses)
    assert pauses == []
    assert len(api.bodies) == 1


def test_the_request_carries_its_id(serve) -> None:
    api = Api((200, STARTED))
    write.update_peering(serve(api), *PEERING, {}, {"exportCustomRoutes": False}, request_id="run-1")
    assert api.ids == ["run-1"]
    assert api.bodies == [{"networkPeering": {"name": "a-to-b", "exportCustomRoutes": False}}]


def test_an_operation_that_failed_is_a_failure(serve) -> None:
    errors = {"errors": [{"code": "X", "message": "An IP range in the peer network overlaps."}]}
    api = Api((200, STARTED), operation={"name": "op", "status": "DONE", "error": errors})
    with pytest.raises(ChangeError, match="overlaps"):
        update(serve(api), {"exportCustomRoutes": False}, {"exportCustomRoutes": True})


def test_a_forbidden_peering_names_the_permission(serve) -> None:
    denied = {"error": {"code": 403, "message": "Required 'compute.networks.updatePeering' permission for 'x'"}}
    with pytest.raises(ForbiddenError, match=r"compute\.networks\.updatePeering"):
        update(serve(Api((403, denied))), {"exportCustomRoutes": False}, {"exportCustomRoutes": True})


def test_an_operation_that_never_ends_is_named(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "OPERATION_SECONDS", 0.2)
    with pytest.raises(ChangeError, match=r"\(operation op\)"):
        update(serve(Api((200, STARTED), operation=STARTED)), {}, {"exportCustomRoutes": True})


def test_whoever_may_not_watch_operations_watches_the_peering(serve) -> None:
    class Hidden(Api):
        async def wait(self, _: web.Request) -> web.Response:
            return web.json_response({"error": {"code": 403, "message": "no"}}, status=403)

        async def network(self, _: web.Request) -> web.Response:
            done = len(self.bodies) == 1
            return web.json_response({"peerings": [{"name": "a-to-b", "exportCustomRoutes": done}]})

    found = update(serve(Hidden((200, STARTED))), {"exportCustomRoutes": False}, {"exportCustomRoutes": True})
    assert found["exportCustomRoutes"] is True
