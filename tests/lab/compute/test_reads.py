"""Every read of the API on every kind of world is what Google's discovery document promises."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.compute.server import METHODS
from lab.scenario import names
from lab.store import Store

REGION, ZONE = "asia-northeast1", "asia-northeast1-a"
PATHS = {
    "project-a": {"network": "vpc-a", "instance": "test-gce-01", "subnetwork": "subnet-a"},
    "project-b": {"network": "vpc-b", "instance": "target-gce-01", "subnetwork": "subnet-b"},
}
RICH = {
    "router": "r1",
    "forwardingRule": "ilb",
    "firewallPolicy": "net-policy",
    "route": "via-ilb",
    "firewall": "admit",
}


def _reads() -> list[str]:
    skipped = ("Operations.get", "Operations.wait")
    return [item.id for item in METHODS if item.verb == "GET" and not item.id.endswith(skipped)]


@pytest.mark.parametrize("project", PATHS)
@pytest.mark.parametrize("method", [name for name in _reads() if not name.endswith(".get")])
def test_lists_of_every_scenario_validate(method: str, project: str, cloud: Any) -> None:
    path = {"project": project, "region": REGION, "zone": ZONE, **PATHS[project]}
    if method.startswith("routers.get"):
        return
    query = {"networkInterface": "nic0"} if method.startswith("instances.get") else {"network": path["network"]}
    if "Effective" not in method:
        query = {}
    answer = cloud.call(method, path=path, **query)
    assert answer != {} or "Effective" in method


@pytest.mark.parametrize("name", names())
def test_the_main_reads_of_every_scenario_validate(name: str, cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of(name)
    for project, path in PATHS.items():
        for direction in ("INCOMING", "OUTGOING"):
            words = {"project": project, "network": path["network"]}
            cloud.call("networks.listPeeringRoutes", path=words, direction=direction, region=REGION)
        for method in ("networks.list", "routes.list", "firewalls.list", "instances.aggregatedList"):
            cloud.call(method, path={"project": project})


@pytest.mark.parametrize("method", [name for name in _reads() if name != "networks.listPeeringRoutes"])
def test_a_world_with_everything_in_it_validates(method: str, rich: Store, cloud_of: Callable[..., Any]) -> None:
    cloud = cloud_of(rich)
    path = {"project": "project-b", "region": REGION, "zone": ZONE, **PATHS["project-b"], **RICH}
    if method == "globalForwardingRules.get":
        path["forwardingRule"] = "google-apis"
    if method == "firewalls.get":
        path["firewall"] = cloud.call("firewalls.list", path=path)["items"][0]["name"]
    query = {"network": "vpc-b"} if method.startswith("regionNetwork") else {}
    if method == "instances.getEffectiveFirewalls":
        query = {"networkInterface": "nic0"}
    assert cloud.call(method, path=path, **query)


def test_routes_show_what_google_shows(cloud: Any) -> None:
    found = cloud.call("routes.list", path={"project": "project-a"})["items"]
    kinds = {route["destRange"]: route for route in found}
    assert set(kinds) == {"0.0.0.0/0", "10.1.0.0/16", "172.16.1.0/24", "172.16.2.0/24", "10.2.0.0/16"}
    assert [route["name"] for route in found] == sorted(route["name"] for route in found)
    local, peer, node = kinds["10.1.0.0/16"], kinds["10.2.0.0/16"], kinds["172.16.1.0/24"]
    assert local["name"].startswith("default-route-r-")
    assert local["nextHopNetwork"].endswith("/vpc-a")
    assert peer["name"].startswith("peering-route-")
    assert (peer["nextHopPeering"], peer["description"]) == ("a-to-b", "Auto generated route via peering [a-to-b].")
    assert (local["priority"], peer["priority"], node["priority"]) == (0, 0, 1000)
    assert node["nextHopInstance"].endswith("/zones/asia-northeast1-a/instances/gke-node-01")
    for route in found:
        assert cloud.call("routes.get", path={"project": "project-a", "route": route["name"]}) == route


def test_a_route_to_a_vm_that_is_not_there_says_so(rich: Store, cloud_of: Callable[..., Any]) -> None:
    route = cloud_of(rich).call("routes.get", path={"project": "project-b", "route": "lost"})
    assert [warning["code"] for warning in route["warnings"]] == ["NEXT_HOP_INSTANCE_NOT_FOUND"]


def test_effective_firewalls_of_a_vm_hold_its_own_rules_alone(cloud: Any) -> None:
    def rules(vm: str) -> set[str]:
        path = {"project": "project-a", "zone": ZONE, "instance": vm}
        found = cloud.call("instances.getEffectiveFirewalls", path=path, networkInterface="nic0")
        return {rule["name"] for rule in found["firewalls"]}

    only_nodes = rules("gke-node-01") - rules("test-gce-01")
    assert only_nodes
    assert all(name.startswith("gke-cluster-1-") for name in only_nodes)


def test_effective_firewall_policies_come_in_the_order_they_are_asked(
    rich: Store, cloud_of: Callable[..., Any]
) -> None:
    cloud = cloud_of(rich)
    network = {"project": "project-b", "network": "vpc-b"}
    found = cloud.call("networks.getEffectiveFirewalls", path=network)["firewallPolicys"]
    assert [policy["type"] for policy in found] == ["HIERARCHY", "NETWORK"]
    assert [rule["priority"] for rule in found[1]["rules"]] == [900, 1000]
    vm = {"project": "project-b", "zone": ZONE, "instance": "target-gce-01"}
    found = cloud.call("instances.getEffectiveFirewalls", path=vm, networkInterface="nic0")["firewallPolicys"]
    assert [policy["type"] for policy in found] == ["HIERARCHY", "NETWORK", "NETWORK_REGIONAL"]
    assert [rule["priority"] for rule in found[1]["rules"]] == [1000], "the other rule targets another service account"


def test_aggregated_lists_name_every_zone(cloud: Any) -> None:
    found = cloud.call("instances.aggregatedList", path={"project": "project-a"})["items"]
    assert {vm["name"] for vm in found[f"zones/{ZONE}"]["instances"]} == {"gke-node-01", "gke-node-02", "test-gce-01"}
    assert found["zones/us-central1-a"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"
    zones = cloud.call("zones.list", path={"project": "project-a"})["items"]
    assert set(found) == {f"zones/{zone['name']}" for zone in zones}


def test_pages_put_together_are_the_whole_list(cloud: Any) -> None:
    path = {"project": "project-a"}
    whole = cloud.call("routes.list", path=path)["items"]
    found, token = [], ""
    while True:
        page = cloud.call("routes.list", path=path, maxResults="2", **({"pageToken": token} if token else {}))
        assert len(page["items"]) <= 2
        found += page["items"]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert found == whole
    assert len(whole) == 5


def test_aggregated_pages_put_together_are_the_whole_list(cloud: Any) -> None:
    names, token = [], ""
    while True:
        query = {"maxResults": "1", **({"pageToken": token} if token else {})}
        page = cloud.call("instances.aggregatedList", path={"project": "project-a"}, **query)
        names += [vm["name"] for scope in page["items"].values() for vm in scope.get("instances", ())]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert names == ["gke-node-01", "gke-node-02", "test-gce-01"]


def test_newest_first(cloud: Any) -> None:
    cloud.done(cloud.call("routes.insert", NEW_ROUTE, path={"project": "project-a"}))
    found = cloud.call("routes.list", path={"project": "project-a"}, orderBy="creationTimestamp desc")["items"]
    assert found[0]["name"] == "new"


NEW_ROUTE = {"name": "new", "network": "global/networks/vpc-a", "destRange": "192.168.1.0/24", "nextHopIp": "10.1.0.21"}


def test_fields_and_gzip(cloud: Any) -> None:
    answer = cloud.raw("GET", "projects/project-a/global/routes", fields="items(name,destRange),nextPageToken")
    assert set(answer.json()) == {"items"}
    assert {frozenset(item) for item in answer.json()["items"]} == {frozenset({"name", "destRange"})}
    request = cloud.session.get(
        f"{cloud.url}/compute/v1/projects/project-a/global/routes",
        headers={"Accept-Encoding": "gzip"},
        stream=True,
        timeout=30,
    )
    assert request.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(request.raw.read()))["kind"] == "compute#routeList"


@pytest.mark.parametrize(
    ("path", "query", "status", "message"),
    [
        ("projects/nope/global/networks", {}, 404, "The resource 'projects/nope' was not found"),
        (
            "projects/project-a/global/networks/nope",
            {},
            404,
            "The resource 'projects/project-a/global/networks/nope' was not found",
        ),
        ("projects/project-a/global/routes", {"maxResults": "501"}, 400, "Invalid value for field 'maxResults'"),
        ("projects/project-a/global/routes", {"maxResults": "-1"}, 400, "Invalid value for field 'maxResults'"),
        ("projects/project-a/global/routes", {"maxResults": "9" * 400}, 400, "Invalid value for field 'maxResults'"),
        ("projects/project-a/global/routes", {"pageToken": "zzz"}, 400, "Invalid value for field 'pageToken'"),
        ("projects/project-a/global/routes", {"pageToken": "ä"}, 400, "Invalid value for field 'pageToken'"),
        ("projects/project-a/global/routes", {"orderBy": "priority"}, 400, "Invalid value for field 'orderBy'"),
        ("projects/project-a/global/routes", {"filter": "name eq ["}, 400, "Invalid value for field 'filter'"),
        ("projects/project-a/global/routes", {"fields": "items("}, 400, "Invalid field selection items("),
        ("projects/project-a/global/routes", {"alt": "proto"}, 400, 'Invalid value "proto" for parameter alt'),
        ("projects/project-a/zones/nowhere-a/instances", {}, 404, "The resource 'projects/project-a/zones/nowhere-a'"),
        ("projects/project-a/global/networks/vpc-a/listPeeringRoutes", {"direction": "UP"}, 400, "Invalid value"),
        ("projects/project-a/global/networks/vpc-a/listPeeringRoutes", {"peeringName": "x"}, 400, "Invalid value"),
        ("projects/project-a/global/networks/vpc-a/listPeeringRoutes", {"region": "mars1"}, 400, "Invalid value"),
        (
            "projects/project-a/zones/asia-northeast1-a/instances/test-gce-01/getEffectiveFirewalls",
            {},
            400,
            "Required field 'networkInterface' not specified",
        ),
        ("projects/project-a/global/backendBuckets", {}, 501, "The lab does not offer GET"),
        (
            "projects/project-a/global/operations/none",
            {},
            404,
            "The resource 'projects/project-a/global/operations/none'",
        ),
        ("nothing", {}, 404, "Not Found"),
    ],
)
def test_refusals_in_googles_shape(path: str, query: dict[str, str], status: int, message: str, cloud: Any) -> None:
    answer = cloud.raw("GET", path, **query)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, status)
    assert error["message"].startswith(message)
    assert error["errors"][0]["message"] == error["message"]
    assert set(error["errors"][0]) == {"message", "domain", "reason"}


def test_a_right_that_the_scenario_withholds(cloud: Any) -> None:
    permission = "compute.networks.listPeeringRoutes"
    cloud.put("project-b", "forbidden", {"name": permission})
    path = "projects/project-b/global/networks/vpc-b"
    answer = cloud.raw("GET", f"{path}/listPeeringRoutes", direction="INCOMING")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"].startswith(f"Required '{permission}' permission for '{path}")
    assert cloud.raw("GET", path).status_code == 200
    cloud.put("project-b", "forbidden", {"name": "*"})
    assert cloud.raw("GET", path).status_code == 403


def test_looking_at_a_project_that_is_not_there_does_not_make_it(cloud: Any) -> None:
    for _ in range(2):
        assert cloud.raw("GET", "projects/ghost/global/networks").status_code == 404
        assert cloud.raw("GET", "projects/ghost/global/operations/x").status_code == 404
