"""Firewalls and routes written, operations as they go, batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

A = {"project": "project-a"}
NETWORK = "projects/project-a/global/networks/vpc-a"
RULE = {"name": "web", "network": NETWORK, "allowed": [{"IPProtocol": "TCP", "ports": ["80", "8000-8100"]}]}


def test_a_firewall_rule_from_birth_to_death(cloud: Any) -> None:
    cloud.done(cloud.call("firewalls.insert", RULE, path=A))
    one = {**A, "firewall": "web"}
    made = cloud.call("firewalls.get", path=one)
    assert made["allowed"] == [{"IPProtocol": "tcp", "ports": ["80", "8000-8100"]}]
    assert (made["priority"], made["direction"], made["disabled"]) == (1000, "INGRESS", False)
    assert made["sourceRanges"] == ["0.0.0.0/0"], "Google's default for INGRESS without a source"
    assert cloud.raw("POST", "projects/project-a/global/firewalls", RULE).status_code == 409

    cloud.done(cloud.call("firewalls.patch", {"priority": 900, "sourceRanges": ["172.16.0.0/16"]}, path=one))
    patched = cloud.call("firewalls.get", path=one)
    assert patched == {**made, "priority": 900, "sourceRanges": ["172.16.0.0/16"]}

    put = {"name": "web", "denied": [{"IPProtocol": "all"}], "sourceTags": ["x"], "disabled": True}
    cloud.done(cloud.call("firewalls.update", put, path=one))
    replaced = cloud.call("firewalls.get", path=one)
    assert "allowed" not in replaced
    assert "sourceRanges" not in replaced
    assert (replaced["denied"], replaced["disabled"]) == ([{"IPProtocol": "all"}], True)
    assert (replaced["priority"], replaced["id"]) == (1000, made["id"])

    cloud.done(cloud.call("firewalls.delete", path=one))
    assert cloud.raw("GET", "projects/project-a/global/firewalls/web").status_code == 404
    assert cloud.raw("DELETE", "projects/project-a/global/firewalls/web").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"name": None}, 400, "Required field 'resource.name'"),
        ({"name": "Web"}, 400, "Invalid value for field 'resource.name': 'Web'"),
        ({"name": "x" * 64}, 400, "Invalid value for field 'resource.name'"),
        (
            {"network": "global/networks/none"},
            404,
            "The resource 'projects/project-a/global/networks/none' was not found",
        ),
        ({"network": "projects/project-b/global/networks/vpc-b"}, 404, "The resource 'projects/project-b"),
        ({"allowed": []}, 400, "Required field 'resource.allowed'"),
        ({"denied": [{"IPProtocol": "all"}]}, 400, "Invalid value for field 'resource': allowed and denied"),
        ({"allowed": [{"IPProtocol": "quic"}]}, 400, "Invalid value for field 'resource.allowed.IPProtocol'"),
        ({"allowed": [{"ports": ["80"]}]}, 400, "Required field 'resource.allowed.IPProtocol'"),
        (
            {"allowed": [{"IPProtocol": "tcp", "ports": ["90-80"]}]},
            400,
            "Invalid value for field 'resource.allowed.ports'",
        ),
        (
            {"allowed": [{"IPProtocol": "tcp", "ports": ["70000"]}]},
            400,
            "Invalid value for field 'resource.allowed.ports'",
        ),
        (
            {"allowed": [{"IPProtocol": "icmp", "ports": ["1"]}]},
            400,
            "Invalid value for field 'resource.allowed.ports'",
        ),
        ({"allowed": "tcp"}, 400, "Invalid value at 'resource.allowed'"),
        ({"sourceRanges": ["10.0.0.1/8"]}, 400, "Invalid value for field 'resource.sourceRanges': '10.0.0.1/8'"),
        ({"sourceRanges": "10.0.0.0/8"}, 400, "Invalid value at 'resource.sourceRanges'"),
        ({"priority": 65536}, 400, "Invalid value for field 'resource.priority'"),
        ({"priority": "1"}, 400, "Invalid value for field 'resource.priority'"),
        ({"direction": "BOTH"}, 400, "Invalid value for field 'resource.direction'"),
        ({"direction": "EGRESS", "sourceTags": ["x"]}, 400, "Invalid value for field 'resource.sourceTags'"),
        ({"targetTags": ["a"], "sourceServiceAccounts": ["b"]}, 400, "Invalid value for field 'resource': tags"),
        ({"disabled": "no"}, 400, "Invalid value at 'resource.disabled'"),
        ({"colour": "red"}, 400, "Invalid JSON payload received. Unknown name \"colour\" at 'resource'"),
    ],
)
def test_firewall_rules_that_are_refused(change: dict[str, Any], status: int, message: str, cloud: Any) -> None:
    body = {key: value for key, value in {**RULE, **change}.items() if value is not None}
    answer = cloud.raw("POST", "projects/project-a/global/firewalls", body)
    assert (answer.status_code, answer.json()["error"]["message"][: len(message)]) == (status, message)


@pytest.mark.parametrize("text", ["{", "[1]", "3", '"x"', "\x00", "[" * 5000])
def test_bodies_that_are_no_json_objects(text: str, cloud: Any) -> None:
    url = f"{cloud.url}/compute/v1/projects/project-a/global/firewalls"
    answer = cloud.session.post(url, data=text.encode(), timeout=30)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "parseError")


def test_two_who_write_the_same_rule_at_once(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of("article", speed=1.0)
    cloud.call("firewalls.insert", RULE, path=A)
    answer = cloud.raw("POST", "projects/project-a/global/firewalls", RULE)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "resourceNotReady"


def test_an_egress_rule_without_ranges_means_everywhere(cloud: Any) -> None:
    body = {**RULE, "name": "out", "direction": "EGRESS"}
    cloud.done(cloud.call("firewalls.insert", body, path=A))
    assert cloud.call("firewalls.get", path={**A, "firewall": "out"})["destinationRanges"] == ["0.0.0.0/0"]


ROUTE = {"name": "r", "network": NETWORK, "destRange": "192.168.5.0/24"}
VM = "zones/asia-northeast1-a/instances/test-gce-01"


def test_a_static_route_made_and_deleted(cloud: Any) -> None:
    body = {**ROUTE, "nextHopInstance": f"projects/project-a/{VM}", "priority": 900, "tags": ["x"]}
    cloud.done(cloud.call("routes.insert", body, path=A))
    made = cloud.call("routes.get", path={**A, "route": "r"})
    assert made["nextHopInstance"] == f"https://www.googleapis.com/compute/v1/projects/project-a/{VM}"
    assert (made["priority"], made["tags"], made["routeType"]) == (900, ["x"], "STATIC")
    assert [warning["code"] for warning in made["warnings"]] == ["NEXT_HOP_CANNOT_IP_FORWARD"]
    assert cloud.raw("POST", "projects/project-a/global/routes", body).status_code == 409
    cloud.done(cloud.call("routes.delete", path={**A, "route": "r"}))
    assert cloud.raw("GET", "projects/project-a/global/routes/r").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({}, 400, "Exactly one of nextHopInstance"),
        ({"nextHopIp": "10.1.0.21", "nextHopInstance": VM}, 400, "Exactly one of nextHopInstance"),
        ({"nextHopIp": "ten"}, 400, "Invalid value for field 'resource.nextHopIp'"),
        ({"nextHopInstance": "zones/asia-northeast1-a/instances/none"}, 404, "The resource 'projects/project-a/zones"),
        ({"nextHopGateway": "global/gateways/other"}, 400, "Invalid value for field 'resource.nextHopGateway'"),
        ({"nextHopIp": "10.1.0.21", "destRange": "10.1.4.0/24"}, 400, "Invalid value for field 'resource.destRange'"),
        ({"nextHopIp": "10.1.0.21", "destRange": "10.2.4.0/24"}, 400, "Invalid value for field 'resource.destRange'"),
        ({"nextHopIp": "10.1.0.21", "destRange": "10.1.0.1/16"}, 400, "Invalid value for field 'resource.destRange'"),
        ({"nextHopIp": "10.1.0.21", "destRange": None}, 400, "Required field 'resource.destRange'"),
        ({"nextHopIp": "10.1.0.21", "network": "global/networks/no"}, 404, "The resource 'projects/project-a/global"),
        ({"nextHopIp": "10.1.0.21", "hop": 1}, 400, 'Invalid JSON payload received. Unknown name "hop"'),
    ],
)
def test_routes_that_are_refused(change: dict[str, Any], status: int, message: str, cloud: Any) -> None:
    body = {key: value for key, value in {**ROUTE, **change}.items() if value is not None}
    answer = cloud.raw("POST", "projects/project-a/global/routes", body)
    assert (answer.status_code, answer.json()["error"]["message"][: len(message)]) == (status, message)


def test_routes_that_google_made_cannot_be_deleted(cloud: Any) -> None:
    for route in cloud.call("routes.list", path=A, filter='name eq "(default-route-r|peering-route)-.*"')["items"]:
        answer = cloud.raw("DELETE", f"projects/project-a/global/routes/{route['name']}")
        assert (answer.status_code, "managed by Google" in answer.text) == (400, True)


def test_an_operation_waits_then_runs_then_is_done(cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of("article", speed=20.0)
    first = cloud.call("firewalls.insert", RULE, path=A)
    assert (first["status"], first["progress"], first["operationType"]) == ("PENDING", 0, "insert")
    assert first["targetLink"].endswith("/global/firewalls/web")
    assert cloud.raw("GET", "projects/project-a/global/firewalls/web").status_code == 404, "not done yet"
    path = {**A, "operation": first["name"]}
    last = cloud.call("globalOperations.wait", path=path)
    assert (last["status"], last["progress"]) == ("DONE", 100)
    assert last["insertTime"] <= last["startTime"] <= last["endTime"]
    assert cloud.call("globalOperations.get", path=path) == last
    assert cloud.call("globalOperations.list", path=A)["items"] == [last]
    found = cloud.call("globalOperations.aggregatedList", path=A)["items"]["global"]["operations"]
    assert found == [last]
    one = f"projects/project-a/global/operations/{first['name']}"
    assert cloud.raw("DELETE", one).status_code == 204
    assert cloud.raw("GET", one).status_code == 404


def test_the_same_request_id_is_the_same_operation(cloud: Any) -> None:
    first = cloud.call("firewalls.insert", RULE, path=A, requestId="abc")
    cloud.done(first)
    assert cloud.call("firewalls.insert", RULE, path=A, requestId="abc")["name"] == first["name"]


def _batch(cloud: Any, parts: list[str], boundary: str = "===============7330845974216740156==") -> Any:
    body = "".join(
        f"--{boundary}\r\nContent-Type: application/http\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <x+{number}>\r\n\r\n{part}\r\n"
        for number, part in enumerate(parts)
    )
    headers = {"Content-Type": f'multipart/mixed; boundary="{boundary}"'}
    url = f"{cloud.url}/batch/compute/v1"
    return cloud.session.post(url, data=body + f"--{boundary}--", headers=headers, timeout=30)


def test_a_batch_answers_each_of_its_parts(cloud: Any) -> None:
    answer = _batch(
        cloud,
        [
            "GET /compute/v1/projects/project-a/global/networks/vpc-a?alt=json&fields=name HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /compute/v1/projects/project-a/global/networks/none HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /compute/v1/projects/project-a/global/firewalls HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
            '{"name": "web", "network": "global/networks/vpc-a", "allowed": [{"IPProtocol": "tcp"}]}',
        ],
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=")
    boundary = answer.headers["Content-Type"].split("boundary=")[1]
    parts = answer.text.split(f"--{boundary}")[1:-1]
    assert [f"Content-ID: <response-x+{number}>" in part for number, part in enumerate(parts)] == [True] * 3
    assert ["HTTP/1.1 200 OK" in part for part in parts] == [True, False, True]
    assert '{"name": "vpc-a"}' in parts[0]
    assert "HTTP/1.1 404 Not Found" in parts[1]
    assert '"operationType": "insert"' in parts[2]


@pytest.mark.parametrize("content_type", ["application/json", "multipart/mixed", "multipart/mixed; boundary=x"])
def test_what_is_no_batch_is_refused(content_type: str, cloud: Any) -> None:
    url = f"{cloud.url}/batch/compute/v1"
    answer = cloud.session.post(
        url, data="--x\r\n\r\nhello\r\n--x--", headers={"Content-Type": content_type}, timeout=30
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Failed to parse batch request")
