"""google-cloud-compute, unchanged, on the lab."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, Forbidden, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1

A = {"project": "project-a", "network": "vpc-a"}


@pytest.fixture
def client(cloud: Any) -> Any:
    """client(compute_v1.NetworksClient) on the lab."""
    made = []

    def make(kind: Any) -> Any:
        found = kind(credentials=AnonymousCredentials(), client_options={"api_endpoint": cloud.url})
        made.append(found)
        return found

    yield make
    for found in made:
        found.transport.close()


def wait(client: Any, operation: Any, project: str = "project-a") -> Any:
    found = client(compute_v1.GlobalOperationsClient).wait(project=project, operation=operation.name)
    assert found.status == compute_v1.Operation.Status.DONE
    return found


def test_networks(client: Any, cloud: Any) -> None:
    networks = client(compute_v1.NetworksClient)
    found = networks.get(**A)
    assert json.loads(compute_v1.Network.to_json(found, use_integers_for_enums=False))["name"] == "vpc-a"
    assert found.peerings[0].connection_status.traffic_configuration.export_custom_routes_to_peer is False
    assert [network.name for network in networks.list(project="project-a")] == ["vpc-a"]
    assert {rule.name for rule in networks.get_effective_firewalls(**A).firewalls} >= {"allow-from-nodes"}
    assert str(found.id) == cloud.call("networks.get", path=A)["id"]


def test_peering_routes_and_an_update(client: Any) -> None:
    networks = client(compute_v1.NetworksClient)

    def rows() -> list[tuple[str, str, bool]]:
        request = {**A, "direction": "OUTGOING", "region": "asia-northeast1", "peering_name": "a-to-b"}
        return [(row.dest_range, row.type_, row.imported) for row in networks.list_peering_routes(request=request)]

    subnet = ("10.1.0.0/16", "SUBNET_PEERING_ROUTE", True)
    assert rows() == [subnet]
    peering = compute_v1.NetworkPeering(name="a-to-b", export_custom_routes=True)
    body = compute_v1.NetworksUpdatePeeringRequest(network_peering=peering)
    operation = networks.update_peering_unary(**A, networks_update_peering_request_resource=body)
    assert operation.operation_type == "updatePeering"
    with pytest.raises(BadRequest, match="There is a peering operation in progress"):
        networks.update_peering_unary(**A, networks_update_peering_request_resource=body)
    assert not wait(client, operation).error.errors
    static = [(f"172.16.{number}.0/24", "STATIC_PEERING_ROUTE", False) for number in (1, 2)]
    assert rows() == [subnet, *static]


def test_the_pagers_read_every_page(client: Any) -> None:
    routes = client(compute_v1.RoutesClient)
    request = compute_v1.ListRoutesRequest(project="project-a", max_results=2)
    pager = routes.list(request=request)
    assert len(list(pager.pages)) == 3
    assert len({route.name for route in routes.list(request=request)}) == 5
    only = compute_v1.ListRoutesRequest(project="project-a", filter='network = "none"')
    assert list(routes.list(request=only)) == []


def test_instances_by_address(client: Any) -> None:
    instances = client(compute_v1.InstancesClient)
    request = compute_v1.AggregatedListInstancesRequest(
        project="project-b", filter='networkInterfaces.networkIP = "10.2.0.10"'
    )
    found = [
        (scope, vm.name) for scope, listed in instances.aggregated_list(request=request) for vm in listed.instances
    ]
    assert found == [("zones/asia-northeast1-a", "target-gce-01")]
    vm = instances.get(project="project-b", zone="asia-northeast1-a", instance="target-gce-01")
    assert (vm.status, vm.network_interfaces[0].network_i_p) == ("RUNNING", "10.2.0.10")
    rules = instances.get_effective_firewalls(
        project="project-b", zone="asia-northeast1-a", instance="target-gce-01", network_interface="nic0"
    )
    assert rules.firewalls


def test_a_firewall_rule_is_written(client: Any) -> None:
    firewalls = client(compute_v1.FirewallsClient)
    rule = compute_v1.Firewall(
        name="web",
        network="global/networks/vpc-a",
        allowed=[compute_v1.Allowed(I_p_protocol="tcp", ports=["80"])],
        source_ranges=["172.16.0.0/16"],
    )
    wait(client, firewalls.insert_unary(project="project-a", firewall_resource=rule))
    assert firewalls.get(project="project-a", firewall="web").allowed[0].ports == ["80"]
    with pytest.raises(Conflict):
        firewalls.insert_unary(project="project-a", firewall_resource=rule)
    wait(client, firewalls.delete_unary(project="project-a", firewall="web"))


def test_the_other_collections(client: Any) -> None:
    project = client(compute_v1.ProjectsClient).get(project="project-a")
    assert (project.name, project.kind) == ("project-a", "compute#project")
    subnets = client(compute_v1.SubnetworksClient).aggregated_list(project="project-a")
    assert [subnet.name for _, listed in subnets for subnet in listed.subnetworks] == ["subnet-a"]
    for kind, field in ((compute_v1.ForwardingRulesClient, "forwarding_rules"), (compute_v1.RoutersClient, "routers")):
        assert [
            item for _, listed in client(kind).aggregated_list(project="project-a") for item in getattr(listed, field)
        ] == []
    assert "asia-northeast1" in {region.name for region in client(compute_v1.RegionsClient).list(project="project-a")}
    assert list(client(compute_v1.GlobalForwardingRulesClient).list(project="project-a")) == []
    regional = client(compute_v1.RegionNetworkFirewallPoliciesClient)
    network = "projects/project-a/global/networks/vpc-a"
    assert regional.get_effective_firewalls(project="project-a", region="asia-northeast1", network=network).firewalls


def test_errors_are_the_clients_own(client: Any, cloud: Any) -> None:
    networks = client(compute_v1.NetworksClient)
    with pytest.raises(NotFound, match="The resource 'projects/project-a/global/networks/none' was not found"):
        networks.get(project="project-a", network="none")
    with pytest.raises(NotFound, match="The resource 'projects/none' was not found"):
        networks.get(project="none", network="none")
    cloud.put("project-a", "forbidden", {"name": "compute.networks.get"})
    with pytest.raises(Forbidden, match=r"Required 'compute.networks.get' permission for 'projects/project-a"):
        networks.get(**A)
