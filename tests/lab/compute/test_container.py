"""The GKE API of the lab: clusters, read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.scenario import names


def get(cloud: Any, path: str, **query: str) -> Any:
    return cloud.session.get(f"{cloud.container_url}/v1/{path}", params=query, timeout=30)


@pytest.mark.parametrize("name", names())
def test_the_cluster_of_every_scenario_validates(name: str, cloud_of: Callable[..., Any], discovery: Any) -> None:
    cloud = cloud_of(name)
    listed = get(cloud, "projects/project-a/locations/-/clusters").json()
    document = discovery.document("container.v1")
    assert document.problems("ListClustersResponse", listed) == []
    cluster = listed["clusters"][0]
    one = get(cloud, f"projects/project-a/locations/{cluster['location']}/clusters/{cluster['name']}")
    assert one.json() == cluster


def test_locations_and_zones_are_the_same(cloud: Any) -> None:
    for word in ("locations", "zones"):
        path = f"projects/project-a/{word}/asia-northeast1-a/clusters"
        assert [item["name"] for item in get(cloud, path).json()["clusters"]] == ["cluster-1"]
    assert get(cloud, "projects/project-a/locations/us-central1/clusters").json() == {}


def test_node_pools_versions_and_fields(cloud: Any, discovery: Any) -> None:
    document = discovery.document("container.v1")
    path = "projects/project-a/locations/asia-northeast1-a"
    pools = get(cloud, f"{path}/clusters/cluster-1/nodePools").json()
    assert document.problems("ListNodePoolsResponse", pools) == []
    one = get(cloud, f"{path}/clusters/cluster-1/nodePools/default-pool").json()
    assert [one] == pools["nodePools"]
    assert document.problems("ServerConfig", get(cloud, f"{path}/serverConfig").json()) == []
    assert get(cloud, f"{path}/clusters/cluster-1", fields="name,status").json() == {
        "name": "cluster-1",
        "status": "RUNNING",
    }


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("projects/project-a/locations/asia-northeast1-a/clusters/none", 404, "NOT_FOUND"),
        ("projects/none/locations/-/clusters", 404, "NOT_FOUND"),
        ("projects/project-a/locations/asia-northeast1-a/clusters/cluster-1/nodePools/none", 404, "NOT_FOUND"),
        ("nothing", 404, "NOT_FOUND"),
        ("projects/project-a/locations/-/clusters?fields=a(", 400, "INVALID_ARGUMENT"),
    ],
)
def test_refusals(path: str, status: int, word: str, cloud: Any) -> None:
    answer = get(cloud, path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (status, status, word)
    assert error["message"]


def test_a_right_that_the_scenario_withholds(cloud: Any) -> None:
    cloud.put("project-a", "forbidden", {"name": "container.clusters.get"})
    answer = get(cloud, "projects/project-a/locations/asia-northeast1-a/clusters/cluster-1")
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert 'Required "container.clusters.get" permission' in answer.json()["error"]["message"]


def test_clusters_are_only_read(cloud: Any) -> None:
    url = f"{cloud.container_url}/v1/projects/project-a/locations/asia-northeast1-a/clusters/cluster-1"
    assert cloud.session.delete(url, timeout=30).status_code == 501
