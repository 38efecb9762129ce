"""The command that grants what is missing: narrow, and for the very user, namespace and project."""

from __future__ import annotations

import pytest

from rules import grants
from rules.snapshot import Gap
from rules.unknowns import cost

REFUSED = (
    'daemonsets.apps is forbidden: User "jane@example.com" cannot list resource "daemonsets" in API group "apps" in '
    'the namespace "kube-system"'
)


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        (REFUSED, ["create role ", "--verb=list", "--resource=daemonsets.apps", "--user jane@example.com"]),
        (
            'nodes is forbidden: User "system:serviceaccount:ci:bot" cannot list resource "nodes" in API group "" at '
            "the cluster scope",
            ["create clusterrole ", "create clusterrolebinding ", "--serviceaccount ci:bot"],
        ),
        (
            'pods "p" is forbidden: User "x" cannot get resource "pods/exec" in API group "" in the namespace "web"',
            ["--verb=get,create --resource=pods/exec", "-n web"],
        ),
        (
            'pods "p" is forbidden: User "a; rm -rf /" cannot get resource "pods" in API group "" in the namespace "n"',
            ["--user 'a; rm -rf /'"],
        ),
    ],
)
def test_a_refusal_of_kubernetes_says_who_needs_what(detail: str, words: list[str]) -> None:
    found = grants.refused(detail)
    assert [word for word in words if word not in found] == []
    assert grants.permission(detail)


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("compute.networks.listPeeringRoutes", "--role=roles/compute.networkViewer"),
        ("container.clusters.get", "--role=roles/container.clusterViewer"),
        ("compute.networks.updatePeering", "--permissions compute.networks.updatePeering"),
        ("compute.instances.getEffectiveFirewalls", "--permissions compute.instances.getEffectiveFirewalls"),
    ],
)
def test_googles_rights_are_granted_by_the_narrowest_role(permission: str, role: str) -> None:
    gap = Gap("compute.x.y", "project-b/vpc-b", "forbidden", permission, f"Required '{permission}' permission")
    assert role in grants.for_gap(gap)
    assert "add-iam-policy-binding project-b" in grants.for_gap(gap)


@pytest.mark.parametrize("why", ["timeout", "not-found", "login", "error", "unreachable"])
def test_what_is_no_question_of_rights_needs_no_grant(why: str) -> None:
    assert grants.for_gap(Gap("compute.networks.get", "p/n", why, "compute.networks.get", REFUSED)) == ""
    assert grants.refused("some webhook said no") == ""


def test_each_gap_costs_what_its_own_read_would_have_told() -> None:
    assert "firewall" in cost("compute.networks.getEffectiveFirewalls")
    assert "peerings" in cost("compute.networks.get")
    assert cost("compute.networks.list") == cost("compute.networks.get")
    assert cost("something.else") == ""
