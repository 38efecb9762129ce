"""The way there and back, fault by fault, for the probes A pod→local, C node→target, D pod→target."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from rules.path import Hop, Leg, Source, Verdict
from rules.snapshot import Outcome, PodRef, Target, Vpc
from rules.walk import local_vpc, walk
from tests.rules.model.edits import MASQ, TABLE, TO, Edit, Shape, exchange, export_only, instance, nothing


@pytest.mark.parametrize(("edit", "outcomes", "troubles"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_catalogue(
    draft: Any,
    shape: Shape,
    edit: Edit,
    outcomes: tuple[Outcome | None, Outcome | None, Outcome | None],
    troubles: list[str],
) -> None:
    edit(draft)
    ways = [
        draft.walk("pod my-pod", "10.1.0.21"),
        draft.walk("node gke-node-01", "10.2.0.10"),
        draft.walk("pod my-pod", "10.2.0.10"),
    ]
    assert tuple(way.outcome for way in ways) == outcomes
    assert shape(ways[2]) == troubles
    for way in ways:
        for hop in way.hops:
            assert hop.sentence
            assert "{" not in hop.sentence
            assert hop.verdict is not Verdict.DROP or (hop.reason and hop.owner)


def test_who_owns_the_break(draft: Any) -> None:
    broken = draft.walk("pod my-pod", "10.2.0.10").breaks[0]
    assert (broken.leg, broken.at, broken.owner, broken.vpc) == (
        Leg.RETURN,
        "project-b/vpc-b",
        "project-b",
        Vpc("project-b", "vpc-b"),
    )
    assert broken.sentence == (
        "vpc-b has no route to 172.16.1.5: the answer matches only 0.0.0.0/0 to default-internet-gateway, "
        "which drops private addresses."
    )


def test_what_the_target_sees(draft: Any) -> None:
    assert str(draft.walk("pod my-pod", "10.2.0.10").source_seen) == "172.16.1.5"
    MASQ(draft)
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert str(found.source_seen) == "10.1.0.11"
    assert [hop.kind for hop in found.back] == ["route", "peering", "deliver", "unmasquerade"]


def test_hops_in_order(draft: Any) -> None:
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert [hop.kind for hop in found.forward] == [
        "policy",
        "masquerade",
        "egress-firewall",
        "anti-spoofing",
        "route",
        "peering",
        "ingress-firewall",
        "deliver",
    ]
    assert [hop.kind for hop in found.back] == ["route", "peering", "deliver"]


# What cannot be read ----------------------------------------------------------------------------------------------


def forbid_b(draft: Any) -> None:
    """No rights in project-b; A's own routes.list still shows what came through the peering."""
    del draft.compute["project-b"]
    draft.route(
        "project-a", "vpc-a", "10.2.0.0/16", nextHopPeering="vpc-a-to-vpc-b", priority=0, name="peering-route-1"
    )


def test_rights_on_one_side_that_does_not_export(draft: Any, shape: Shape) -> None:
    """Unreadable firewalls and VMs leave doubts, yet the answer has certainly no way home."""
    forbid_b(draft)
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert found.outcome is TO
    assert "return route drop NO_ROUTE" in shape(found)
    assert "exportCustomRoutes=false" in found.breaks[0].sentence
    assert draft.walk("node gke-node-01", "10.2.0.10").outcome is None


def outgoing(imported: bool) -> Edit:
    def edit(draft: Any) -> None:
        items = [
            {"destRange": "172.16.1.0/24", "type": "STATIC_PEERING_ROUTE", "priority": 1000, "imported": imported},
            {"destRange": "10.1.0.0/16", "type": "SUBNET_PEERING_ROUTE", "priority": 0, "imported": True},
        ]
        draft.compute["project-a"]["peeringRoutes"] = [
            {"network": "vpc-a", "peering": "vpc-a-to-vpc-b", "direction": "OUTGOING", "items": items}
        ]

    return edit


def test_rights_on_one_side_that_exports(draft: Any, shape: Shape) -> None:
    export_only(draft)
    forbid_b(draft)
    assert "return route unknown" in shape(draft.walk("pod my-pod", "10.2.0.10"))
    outgoing(False)(draft)
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert found.outcome is TO
    assert "return route drop NO_ROUTE" in shape(found)
    outgoing(True)(draft)
    assert not any(line.startswith("return") for line in shape(draft.walk("pod my-pod", "10.2.0.10")))


def test_nothing_but_kubernetes(draft: Any) -> None:
    draft.compute.clear()
    found = draft.walk("pod my-pod", "10.2.0.10")
    assert found.outcome is None
    assert found.doubts
    assert local_vpc(draft.world(), Source(pod=PodRef("default", "my-pod"))) is None


def test_vms_unread_the_nodes_vpc_is_found_by_its_subnet(draft: Any) -> None:
    del draft.compute["project-a"]["instances"]
    assert local_vpc(draft.world(), Source(node="gke-node-01")) == Vpc("project-a", "vpc-a")


def test_nobody_of_that_name(draft: Any) -> None:
    for source in (Source(pod=PodRef("default", "gone")), Source(node="gone"), Source(vm="project-a/gone"), Source()):
        found = walk(draft.world(), source, Target("10.2.0.10"))
        assert (found.outcome, found.hops[0].verdict) == (None, Verdict.UNKNOWN)


REMOVALS = ["networks", "subnetworks", "routes", "instances", "forwardingRules", "effectiveFirewalls"]
KINDS = ["pods", "daemonsets", "configmaps", "networkpolicies", "services"]


@pytest.mark.parametrize("edit", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_reading_less_never_turns_an_answer_into_its_opposite(draft: Any, edit: Edit) -> None:
    """Whatever one or two reads fail: the same outcome, or none."""
    edit(draft)
    sources = ("pod my-pod", "node gke-node-01")
    full = {source: draft.walk(source, "10.2.0.10").outcome for source in sources}
    reads = [(draft.compute[project], kind) for project in ("project-a", "project-b") for kind in REMOVALS]
    reads += [(draft.kubernetes, kind) for kind in KINDS]
    together = combinations(reads, 2) if edit in (nothing, exchange, MASQ) else ()
    for failed in (*combinations(reads, 1), *together):
        kept = [where.pop(kind) for where, kind in failed]
        for source in sources:
            found = draft.walk(source, "10.2.0.10")
            assert found.outcome in (full[source], None, Outcome.NOT_RUN), [kind for _where, kind in failed]
        for (where, kind), value in zip(failed, kept, strict=True):
            where[kind] = value


def test_reading_everything_leaves_no_doubt(draft: Any) -> None:
    for edit in (nothing, exchange, MASQ):
        edit(draft)
        for source in ("pod my-pod", "node gke-node-01", "vm project-b/target-gce-01"):
            for dest in ("10.2.0.10", "10.1.0.21", "172.16.1.5", "172.16.2.7", "10.1.0.11", "10.2.0.99"):
                assert draft.walk(source, dest).doubts == ()


def test_a_hop_is_hashable_data(draft: Any) -> None:
    for hop in draft.walk("pod my-pod", "10.2.0.10").hops:
        assert isinstance(hop, Hop)
        assert hash(hop) == hash(hop)


def test_a_policy_at_the_pod_comes_behind_what_loses_the_packet_before(draft: Any) -> None:
    """A node that may not take the packet (canIpForward=false) loses it on the way to the pod's NetworkPolicy."""
    draft.clusters[0]["networkPolicy"] = {"enabled": True, "provider": "CALICO"}
    draft.items("networkpolicies").append(
        {
            "metadata": {"name": "closed", "namespace": "default"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }
    )
    pod = next(iter((draft.world().pods or {}).values()))
    source, target = Source(vm="project-a/test-gce-01"), Target(str(pod.address), 80)
    assert [hop.kind for hop in walk(draft.world(), source, target).breaks] == ["policy"]
    instance(pod.node, canIpForward=False)(draft)
    assert [hop.kind for hop in walk(draft.world(), source, target).breaks][:2] == ["deliver", "policy"]


def test_the_firewall_at_the_end_is_that_of_the_vm_to_which_the_route_leads(draft: Any) -> None:
    """The next hop of a static route has the interface that the packet comes to, whoever owns the address."""
    draft.vm("project-a", "vpc-a", "nva", "10.1.0.77", canIpForward=True, tags={"items": ["nva"]})
    draft.route(
        "project-a",
        "vpc-a",
        "192.168.9.0/24",
        nextHopInstance="projects/project-a/zones/asia-northeast1-a/instances/nva",
    )
    draft.effective("project-a/vpc-a")["firewalls"].clear()
    draft.admit("project-a/vpc-a", "0.0.0.0/0", targetTags=["nva"])
    found = draft.walk("vm project-a/test-gce-01", "192.168.9.9")
    door = next(hop for hop in found.forward if hop.kind == "ingress-firewall")
    assert (door.at, door.verdict) == ("vm project-a/nva", Verdict.OK)
