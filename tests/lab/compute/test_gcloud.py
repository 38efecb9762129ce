"""The real gcloud, unchanged, on the lab: the commands a person types."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.clients

LIST_ROUTES = ("compute", "networks", "peerings", "list-routes")
UPDATE = ("compute", "networks", "peerings", "update")
TOKYO = ("--region", "asia-northeast1", "--direction")


@pytest.fixture
def run(gcloud: Callable[..., Any], cloud: Any) -> Callable[..., str]:
    """Runs gcloud on `article` and gives what it printed; fails when it failed."""

    def typed(*words: str, project: str = "project-a") -> str:
        done = gcloud(cloud, *words, project=project)
        assert done.returncode == 0, done.stderr
        found: str = done.stdout
        return found

    return typed


def test_the_two_sides_exchange_their_routes(run: Callable[..., str]) -> None:
    network = json.loads(run("compute", "networks", "describe", "vpc-a", "--format=json"))
    assert network["peerings"][0]["exportCustomRoutes"] is False
    assert "a-to-b" in run("compute", "networks", "peerings", "list")

    def outgoing() -> list[list[str]]:
        text = run(*LIST_ROUTES, "a-to-b", "--network", "vpc-a", *TOKYO, "OUTGOING")
        return [line.split(maxsplit=4) for line in text.splitlines()[1:]]

    subnet = ["10.1.0.0/16", "SUBNET_PEERING_ROUTE", "asia-northeast1", "0", "accepted by peer"]
    assert outgoing() == [subnet]
    run(*UPDATE, "a-to-b", "--network", "vpc-a", "--export-custom-routes")
    assert [row[4] for row in outgoing()] == ["accepted by peer", "rejected by peer config", "rejected by peer config"]
    run(*UPDATE, "b-to-a", "--network", "vpc-b", "--import-custom-routes", project="project-b")
    assert [row[4] for row in outgoing()] == ["accepted by peer"] * 3
    text = run(*LIST_ROUTES, "b-to-a", "--network", "vpc-b", *TOKYO, "INCOMING", project="project-b")
    assert "172.16.1.0/24  STATIC_PEERING_ROUTE  asia-northeast1  1000      accepted" in text
    run(*UPDATE, "a-to-b", "--network", "vpc-a", "--no-export-custom-routes")
    assert outgoing() == [subnet]
    assert run("compute", "operations", "list", "--format=value(operationType)").split() == ["updatePeering"] * 2


def test_lists(run: Callable[..., str]) -> None:
    routes = run("compute", "routes", "list")
    assert "default-internet-gateway" in routes
    assert "172.16.1.0/24  asia-northeast1-a/instances/gke-node-01" in routes
    some = run("compute", "routes", "list", "--filter=network=vpc-a AND priority=1000", "--format=value(destRange)")
    assert some.split() == ["0.0.0.0/0", "172.16.1.0/24", "172.16.2.0/24"]
    assert "test-gce-01" in run("compute", "instances", "list", "--filter=name~test AND status=RUNNING")
    assert "10.1.0.0/16" in run("compute", "networks", "subnets", "list")
    assert "network-firewall" in run("compute", "networks", "get-effective-firewalls", "vpc-a")
    assert "asia-northeast1-b" in run("compute", "zones", "list", "--filter=region:asia-northeast1")
    assert run("compute", "forwarding-rules", "list") == ""
    assert run("compute", "routers", "list") == ""


def test_a_firewall_rule(run: Callable[..., str]) -> None:
    create = ("compute", "firewall-rules", "create", "web", "--network", "vpc-a", "--allow", "tcp:80,icmp")
    assert "tcp:80,icmp" in run(*create, "--source-ranges", "172.16.0.0/16")
    assert "web" in run("compute", "firewall-rules", "list", "--filter=network:vpc-a", "--format=value(name)").split()
    run("compute", "firewall-rules", "update", "web", "--priority", "900")
    assert run("compute", "firewall-rules", "describe", "web", "--format=value(priority)").strip() == "900"
    run("compute", "firewall-rules", "delete", "web", "--quiet")
    assert "web" not in run("compute", "firewall-rules", "list", "--format=value(name)").split()


def test_clusters(run: Callable[..., str]) -> None:
    assert "cluster-1" in run("container", "clusters", "list")
    describe = ("container", "clusters", "describe", "cluster-1", "--zone", "asia-northeast1-a")
    cluster = json.loads(run(*describe, "--format=json"))
    assert cluster["ipAllocationPolicy"]["useRoutes"] is True


def test_errors_are_googles_sentences(gcloud: Callable[..., Any], cloud: Any) -> None:
    done = gcloud(cloud, "compute", "networks", "describe", "none")
    assert done.returncode == 1
    assert "The resource 'projects/project-a/global/networks/none' was not found" in done.stderr
    done = gcloud(cloud, "compute", "networks", "list", project="none")
    assert done.returncode == 1
    assert "The resource 'projects/none' was not found" in done.stderr
    done = gcloud(cloud, "container", "clusters", "describe", "none", "--zone", "asia-northeast1-a")
    assert done.returncode == 1
    assert "Not found: projects/project-a/locations/asia-northeast1-a/clusters/none" in done.stderr
