"""Whatever is sent, the answer is Google's kind of answer: nothing breaks, nothing hangs, nothing is half-done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import build, scenario
from lab.compute.server import METHODS, ComputeServer
from lab.store import Store

NAMES = {
    "project": "project-a",
    "network": "vpc-a",
    "region": "asia-northeast1",
    "zone": "asia-northeast1-a",
    "instance": "test-gce-01",
    "subnetwork": "subnet-a",
    "firewall": "allow-from-nodes",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "name",
        "network",
        "networkPeering",
        "exportCustomRoutes",
        "stackType",
        "allowed",
        "sourceRanges",
        "destRange",
        "nextHopIp",
        "nextHopInstance",
        "nextHopIlb",
        "priority",
        "tags",
        "logConfig",
        "items",
        "fingerprint",
        "peerNetwork",
        "description",
    ]
)
BODY = st.dictionaries(FIELDS, JSON | st.dictionaries(FIELDS, JSON, max_size=4), max_size=5)
PARAMETERS = ["filter", "fields", "orderBy", "maxResults", "pageToken", "direction", "region", "peeringName", "alt"]
QUERY = st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=12), max_size=3)


article = cache(lambda: scenario.load("article"))


def answers(requests: list[tuple[str, str, dict[str, str], Any]]) -> list[tuple[int, Any]]:
    """What one server says to several requests: verb, path, query, body."""

    async def ask() -> list[tuple[int, Any]]:
        store = Store()
        build.populate(store, article())
        server = ComputeServer(store)
        try:
            return [
                await server.api.answer(verb, path, query, json.dumps(body).encode())
                for verb, path, query, body in requests
            ]
        finally:
            await server.backend.close()

    return asyncio.run(ask())


@settings(max_examples=80, deadline=None)
@given(
    method=st.sampled_from([item for item in METHODS if not item.id.endswith("wait")]),
    other=st.dictionaries(st.sampled_from(sorted(NAMES)), st.text(min_size=1, max_size=6), max_size=1),
    query=QUERY,
    body=BODY,
)
def test_no_request_makes_the_lab_stumble(method: Any, other: dict[str, str], query: dict[str, str], body: Any) -> None:
    rest = dict.fromkeys(("route", "firewallPolicy", "router", "forwardingRule", "operation"), "x")
    path = method.template.format(**{**rest, **NAMES, **other})
    [(status, found)] = answers([(method.verb, path, query, body)])
    assert status != 500, found
    if status >= 400:
        error = found["error"]
        assert (error["code"], bool(error["message"]), len(error["errors"])) == (status, True, 1)


@settings(max_examples=50, deadline=None)
@given(body=BODY, change=BODY)
def test_no_body_makes_the_lab_stumble(body: Any, change: Any) -> None:
    base = "projects/project-a/global"
    peering = {"networkPeering": {"name": "a-to-b", **change}}
    rule = {"name": "x", "network": "global/networks/vpc-a", "allowed": [{"IPProtocol": "tcp"}], **body}
    route = {
        "name": "x",
        "network": "global/networks/vpc-a",
        "destRange": "192.168.0.0/24",
        "nextHopIp": "10.1.0.9",
        **body,
    }
    requests = [
        ("PATCH", f"{base}/networks/vpc-a/updatePeering", {}, peering),
        ("POST", f"{base}/networks/vpc-a/addPeering", {}, {"networkPeering": {"name": "n", "network": "x", **change}}),
        ("POST", f"{base}/firewalls", {}, rule),
        ("POST", f"{base}/routes", {}, route),
    ]
    for status, found in answers(requests):
        assert status in (200, 400, 404, 409), found


def test_encoded_paths_are_names_and_nothing_else(cloud: Any) -> None:
    for name in ("..%2F..%2Fvpc-a", "%00", "vpc-a%2FlistPeeringRoutes", "%E3%83%8D", "%"):
        found = cloud.raw("GET", f"projects/project-a/global/networks/{name}")
        assert found.status_code == 404, name


def test_a_body_that_is_too_large(cloud: Any) -> None:
    url = f"{cloud.url}/compute/v1/projects/project-a/global/firewalls"
    found = cloud.session.post(url, data=b" " * (16 * 1024 * 1024 + 10), timeout=30)
    assert (found.status_code, found.json()["error"]["errors"][0]["reason"]) == (413, "uploadTooLarge")


def test_verbs_that_a_resource_does_not_have(cloud: Any) -> None:
    assert cloud.raw("DELETE", "projects/project-a/global/networks/vpc-a").status_code == 405
    assert cloud.session.get(f"{cloud.url}/elsewhere", timeout=30).status_code == 404


def test_many_at_once_are_all_done_and_each_once(cloud: Any) -> None:
    rule = {"network": "global/networks/vpc-a", "allowed": [{"IPProtocol": "tcp"}]}
    path = {"project": "project-a"}
    started = [cloud.call("firewalls.insert", {**rule, "name": f"r{number}"}, path=path) for number in range(50)]
    assert all("error" not in cloud.done(operation) for operation in started)
    names = [item["name"] for item in cloud.call("firewalls.list", path=path, filter="name eq r[0-9]+")["items"]]
    assert names == sorted(f"r{number}" for number in range(50))


def test_what_is_running_when_the_lab_stops_is_not_done(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of("article", speed=0.01)
    rule = {"name": "late", "network": "global/networks/vpc-a", "allowed": [{"IPProtocol": "tcp"}]}
    cloud.call("firewalls.insert", rule, path={"project": "project-a"})
    cloud.run(cloud.server.backend.close)
    assert "late" not in cloud.store.table("compute/project-a/firewalls")


VM = {"project": "project-b", "zone": "asia-northeast1-a", "instance": "target-gce-01"}


def _zone_done(cloud: Any, operation: Any) -> Any:
    path = {**VM, "operation": operation["name"]}
    return cloud.call("zoneOperations.wait", path=path)


def test_a_vm_is_stopped_and_started(cloud: Any) -> None:
    for method, status in (("instances.stop", "TERMINATED"), ("instances.start", "RUNNING")):
        operation = cloud.call(method, path=VM)
        assert operation["zone"].endswith("/zones/asia-northeast1-a")
        assert _zone_done(cloud, operation)["status"] == "DONE"
        assert cloud.call("instances.get", path=VM)["status"] == status
    listed = cloud.call("zoneOperations.list", path=VM)["items"]
    assert {item["operationType"] for item in listed} == {"stop", "start"}


def test_tags_are_set_with_the_fingerprint_that_was_seen(cloud: Any) -> None:
    seen = cloud.call("instances.get", path=VM)["tags"]["fingerprint"]
    _zone_done(cloud, cloud.call("instances.setTags", {"items": ["web"], "fingerprint": seen}, path=VM))
    tags = cloud.call("instances.get", path=VM)["tags"]
    assert tags["items"] == ["web"]
    path = "projects/project-b/zones/asia-northeast1-a/instances/target-gce-01/setTags"
    stale = cloud.raw("POST", path, {"items": ["db"], "fingerprint": seen})
    assert (stale.status_code, stale.json()["error"]["errors"][0]["reason"]) == (412, "conditionNotMet")
    assert cloud.raw("POST", path, {"items": ["db"]}).status_code == 400
    assert cloud.raw("POST", path, {"items": ["No!"], "fingerprint": tags["fingerprint"]}).status_code == 400
    assert cloud.call("instances.get", path=VM)["tags"] == tags


@pytest.mark.parametrize("network", ["vpc-a", "vpc-b"])
def test_a_long_list_is_read_to_its_end(network: str, cloud: Any) -> None:
    from lab.compute import objects as make

    project = f"project-{network[-1]}"
    for number in range(1200):
        dest = f"192.{168 + number // 256}.{number % 256}.0/24"
        cloud.put(project, "routes", make.route(project, f"z{number:04}", network, dest, ip="10.1.0.9"))
    found, token, pages = 0, "", 0
    while True:
        page = cloud.call("routes.list", path={"project": project}, **({"pageToken": token} if token else {}))
        found, pages, token = found + len(page["items"]), pages + 1, page.get("nextPageToken", "")
        if not token:
            break
    assert pages == 3
    assert found > 1200
