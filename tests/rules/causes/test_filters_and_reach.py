"""Causes of filters (group III) and of reaching the peer at all (group V): found where they are so, silent beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rules.evaluate import evaluate
from rules.report.model import Answer, Report, Status
from rules.snapshot import Outcome, Probe, Snapshot

Seen = Callable[..., Snapshot]
Edit = Callable[[dict[str, Any]], None]

# Scenario, what the probes see (pod-local node-local node-peer pod-peer pod-proxy), and the causes in their order.
BLOCKING = [
    ("rc33-masqueraded-behind-a-pods-only-rule", "ok ok timeout timeout", ["RC33"]),
    ("rc34-peer-firewall-admits-nothing", "ok ok timeout timeout", ["RC34"]),
    ("rc36-own-egress-denied", "ok ok timeout timeout", ["RC36"]),
    ("rc42-network-policy-lacks-target", "ok ok ok timeout", ["RC42"]),
    ("rc43-default-deny-egress", "timeout ok ok timeout", ["RC43"]),
    ("rc46-only-ping-is-admitted", "ok ok timeout timeout", ["RC46"]),
    ("rc15-pods-not-advertised", "ok ok ok timeout", ["RC15"]),
    ("rc35-organization-policy-denies", "ok ok timeout timeout", ["RC35"]),
    ("rc37-own-egress-denies-pods", "ok ok ok timeout", ["RC37"]),
    ("rc58-not-peered-with-the-right-network", "ok ok timeout timeout", ["RC58"]),
    ("rc59-third-vpc-behind-the-peer", "ok ok timeout timeout", ["RC59"]),
    ("rc60-on-premises-not-exchanged", "ok ok timeout timeout", ["RC60"]),
    ("rc61-peer-advertises-only-nodes", "ok ok ok timeout", ["RC61"]),
    ("rc62-dynamic-route-of-another-region", "ok ok timeout timeout", ["RC62"]),
    ("rc63-public-range-not-imported", "ok ok timeout timeout", ["RC63"]),
    ("rc64-load-balancer-of-another-region", "ok ok timeout timeout", ["RC64"]),
    ("rc65-psc-endpoint-across-a-peering", "ok ok timeout timeout", ["RC65"]),
    ("rc67-cloud-nat-does-not-help", "ok ok ok timeout", ["RC01"]),
    ("rc72-nodes-in-several-subnets", "ok ok timeout timeout", ["RC72"]),
    ("rc74-only-the-test-vm-is-admitted", "ok ok timeout timeout", ["RC74"]),
]
# Found, and nothing that keeps the pod from the peer.
HARMLESS = [
    ("rc32-peer-firewall-admits-pods-only", "ok ok timeout ok", "RC32"),
    ("rc47-local-firewall-lacks-pods", "timeout ok ok ok", "RC47"),
]


def named(report: Report) -> list[str]:
    return [cause.id for cause in report.causes]


@pytest.mark.parametrize(("name", "row", "wanted"), BLOCKING)
def test_the_blocker_is_named_with_its_evidence(seen: Seen, name: str, row: str, wanted: list[str]) -> None:
    report = evaluate(seen(name, row))
    assert [cause.id for cause in report.causes if cause.blocks] == wanted
    assert report.answer is Answer.BROKEN
    first = report.causes[0]
    assert first.status is Status.CONFIRMED
    assert first.evidence
    assert first.decides
    assert all(each.agrees in (True, None) for each in report.matrix)


@pytest.mark.parametrize(("name", "row", "wanted"), BLOCKING)
def test_the_model_predicts_the_same_without_probes(seen: Seen, name: str, row: str, wanted: list[str]) -> None:
    report = evaluate(seen(name))
    assert [cause.id for cause in report.causes if cause.blocks] == wanted
    predicted = [each.predicted for each in report.matrix][: len(row.split())]
    # What is beyond a tunnel cannot be read, so no answer from there can be promised.
    tunnel = name in ("rc15-pods-not-advertised", "rc61-peer-advertises-only-nodes")
    assert predicted == (["ok", "ok", "unknown", "timeout"] if tunnel else row.split())


@pytest.mark.parametrize(("name", "row", "wanted"), BLOCKING)
def test_an_answer_to_the_pod_silences_every_blocker(seen: Seen, name: str, row: str, wanted: list[str]) -> None:
    del row, wanted
    report = evaluate(seen(name, "ok ok ok ok"))
    assert report.answer is Answer.REACHABLE
    assert not any(cause.blocks for cause in report.causes)


@pytest.mark.parametrize(("name", "row", "wanted"), HARMLESS)
def test_what_does_not_block_is_latent(seen: Seen, name: str, row: str, wanted: str) -> None:
    report = evaluate(seen(name, row))
    assert report.answer is Answer.REACHABLE
    assert named(report) == [wanted]
    assert report.causes[0].status is Status.LATENT
    assert not report.causes[0].blocks
    assert evaluate(seen(name, "ok ok ok ok")).causes == ()


def test_a_refusal_of_the_node_and_the_pod_names_the_port(seen: Seen) -> None:
    report = evaluate(seen("rc41-nothing-listens", "ok ok refused refused"))
    assert named(report) == ["RC41"]
    assert report.causes[0].status is Status.CONFIRMED
    assert report.answer is Answer.BROKEN
    assert "port 80" in report.headline
    assert report.broken is None


def test_a_refusal_that_only_the_node_sees_leaves_the_way_back_open(seen: Seen) -> None:
    report = evaluate(seen("article", "ok ok refused timeout"))
    assert named(report) == ["RC01", "RC41"]
    assert report.answer is Answer.BROKEN


def test_a_refusal_of_the_pod_alone_is_not_proven(seen: Seen) -> None:
    report = evaluate(seen("healthy-routes-based", "ok ok - refused"))
    assert [cause.status for cause in report.causes if cause.id == "RC41"] == [Status.LIKELY]
    assert "RC41" not in named(evaluate(seen("healthy-routes-based", "ok ok ok refused")))


def firewalls(data: dict[str, Any], project: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["compute"][project]["effectiveFirewalls"][0]["firewalls"]
    return found


def admit_everything(project: str) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        for rule in firewalls(data, project):
            if rule["direction"] == "INGRESS" and "allowed" in rule:
                rule["sourceRanges"] = ["0.0.0.0/0"]
                rule["allowed"] = [{"IPProtocol": "all"}]
                rule.pop("sourceTags", None)

    return edit


def not_enforced(data: dict[str, Any]) -> None:
    data["container"]["clusters"][0].pop("networkPolicy", None)
    data["container"]["clusters"][0].pop("addonsConfig", None)


def other_pod(data: dict[str, Any]) -> None:
    for item in data["kubernetes"]["networkpolicies"]["items"]:
        item["spec"]["podSelector"] = {"matchLabels": {"app": "another"}}


def no_egress_rules(data: dict[str, Any]) -> None:
    rules = firewalls(data, "project-a")
    rules[:] = [rule for rule in rules if rule["direction"] == "INGRESS"]


def advertise(project: str, range: str) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        for status in data["compute"][project]["routerStatus"]:
            status["result"]["bgpPeerStatus"][0]["advertisedRoutes"].append({"destRange": range})

    return edit


def flags(**values: object) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        for project in data["compute"].values():
            for network in project.get("networks", []):
                for peering in network.get("peerings", []):
                    peering.update(values)

    return edit


def route_globally(data: dict[str, Any]) -> None:
    data["compute"]["project-b"]["networks"][0]["routingConfig"]["routingMode"] = "GLOBAL"


def global_access(data: dict[str, Any]) -> None:
    data["compute"]["project-b"]["forwardingRules"][0]["allowGlobalAccess"] = True


def no_endpoint(data: dict[str, Any]) -> None:
    data["compute"]["project-b"]["forwardingRules"].clear()


def no_nat(data: dict[str, Any]) -> None:
    del data["compute"]["project-a"]["routers"][0]["nats"]


def no_policies(data: dict[str, Any]) -> None:
    for entry in data["compute"]["project-b"]["effectiveFirewalls"]:
        entry["firewallPolicys"] = []


def peer_directly(data: dict[str, Any]) -> None:
    """A and C make a peering of their own."""

    def side(name: str, project: str, network: str) -> dict[str, Any]:
        url = f"https://www.googleapis.com/compute/v1/projects/{project}/global/networks/{network}"
        return {"name": name, "network": url, "state": "ACTIVE"}

    data["compute"]["project-a"]["networks"][0]["peerings"].append(side("a-to-c", "project-c", "vpc-c"))
    data["compute"]["project-c"]["networks"][0]["peerings"].append(side("c-to-a", "project-a", "vpc-a"))


# Worlds that differ from a cause's in the one thing that makes it.
NEAR = [
    ("RC33", "rc33-masqueraded-behind-a-pods-only-rule", "ok ok timeout timeout", admit_everything("project-b")),
    ("RC34", "rc34-peer-firewall-admits-nothing", "ok ok timeout timeout", admit_everything("project-b")),
    ("RC36", "rc36-own-egress-denied", "ok ok timeout timeout", no_egress_rules),
    ("RC42", "rc42-network-policy-lacks-target", "ok ok ok timeout", not_enforced),
    ("RC42", "rc42-network-policy-lacks-target", "ok ok ok timeout", other_pod),
    ("RC43", "rc43-default-deny-egress", "timeout ok ok timeout", not_enforced),
    ("RC46", "rc46-only-ping-is-admitted", "ok ok timeout timeout", admit_everything("project-b")),
    ("RC74", "rc74-only-the-test-vm-is-admitted", "ok ok timeout timeout", admit_everything("project-b")),
    ("RC15", "rc15-pods-not-advertised", "ok ok ok timeout", advertise("project-a", "172.16.0.0/16")),
    ("RC35", "rc35-organization-policy-denies", "ok ok timeout timeout", no_policies),
    ("RC37", "rc37-own-egress-denies-pods", "ok ok ok timeout", no_egress_rules),
    ("RC59", "rc59-third-vpc-behind-the-peer", "ok ok timeout timeout", peer_directly),
    (
        "RC60",
        "rc60-on-premises-not-exchanged",
        "ok ok timeout timeout",
        flags(importCustomRoutes=True, exportCustomRoutes=True),
    ),
    ("RC61", "rc61-peer-advertises-only-nodes", "ok ok ok timeout", advertise("project-b", "172.16.0.0/12")),
    ("RC62", "rc62-dynamic-route-of-another-region", "ok ok timeout timeout", route_globally),
    (
        "RC63",
        "rc63-public-range-not-imported",
        "ok ok timeout timeout",
        flags(importSubnetRoutesWithPublicIp=True),
    ),
    ("RC64", "rc64-load-balancer-of-another-region", "ok ok timeout timeout", global_access),
    ("RC65", "rc65-psc-endpoint-across-a-peering", "ok ok timeout timeout", no_endpoint),
    ("RC67", "rc67-cloud-nat-does-not-help", "ok ok ok timeout", no_nat),
    ("RC32", "rc32-peer-firewall-admits-pods-only", "ok ok timeout ok", admit_everything("project-b")),
    ("RC47", "rc47-local-firewall-lacks-pods", "timeout ok ok ok", admit_everything("project-a")),
]


@pytest.mark.parametrize(("id", "name", "row", "edit"), NEAR)
def test_a_near_miss_does_not_name_it(seen: Seen, id: str, name: str, row: str, edit: Edit) -> None:
    assert id in named(evaluate(seen(name, row)))
    assert id not in named(evaluate(seen(name, row, edit)))


def without_firewalls(project: str) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        del data["compute"][project]["effectiveFirewalls"]

    return edit


def without_policies(data: dict[str, Any]) -> None:
    del data["kubernetes"]["networkpolicies"]


def without(project: str, *kinds: str) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        for kind in kinds:
            data["compute"][project].pop(kind, None)
        gap = {"why": "forbidden", "permission": "", "detail": ""}
        data["gaps"] += [{"read": f"compute.{kind}.list", "of": project, **gap} for kind in kinds]

    return edit


# The deciding evidence is unread: never confirmed.
UNREAD = [
    ("RC33", "rc33-masqueraded-behind-a-pods-only-rule", "ok ok timeout timeout", without_firewalls("project-b")),
    ("RC34", "rc34-peer-firewall-admits-nothing", "ok ok timeout timeout", without_firewalls("project-b")),
    ("RC36", "rc36-own-egress-denied", "ok ok timeout timeout", without_firewalls("project-a")),
    ("RC42", "rc42-network-policy-lacks-target", "ok ok ok timeout", without_policies),
    ("RC43", "rc43-default-deny-egress", "timeout ok ok timeout", without_policies),
    ("RC46", "rc46-only-ping-is-admitted", "ok ok timeout timeout", without_firewalls("project-b")),
    ("RC74", "rc74-only-the-test-vm-is-admitted", "ok ok timeout timeout", without_firewalls("project-b")),
    ("RC15", "rc15-pods-not-advertised", "ok ok ok timeout", without("project-a", "routers", "routerStatus")),
    ("RC61", "rc61-peer-advertises-only-nodes", "ok ok ok timeout", without("project-b", "routers", "routerStatus")),
    ("RC58", "rc58-not-peered-with-the-right-network", "ok ok timeout timeout", without("project-a", "networks")),
    (
        "RC60",
        "rc60-on-premises-not-exchanged",
        "ok ok timeout timeout",
        without("project-b", "routers", "routerStatus"),
    ),
    ("RC64", "rc64-load-balancer-of-another-region", "ok ok timeout timeout", without("project-b", "forwardingRules")),
    ("RC65", "rc65-psc-endpoint-across-a-peering", "ok ok timeout timeout", without("project-b", "forwardingRules")),
]


@pytest.mark.parametrize(("id", "name", "row", "edit"), UNREAD)
def test_without_the_deciding_evidence_nothing_is_confirmed(
    seen: Seen, id: str, name: str, row: str, edit: Edit
) -> None:
    report = evaluate(seen(name, row, edit))
    assert id not in [cause.id for cause in report.causes if cause.status is Status.CONFIRMED]
    assert report.answer is not Answer.REACHABLE


def test_tags_of_the_other_vpc_are_called_useless(seen: Seen) -> None:
    report = evaluate(seen("rc34-peer-firewall-admits-nothing", "ok ok timeout timeout"))
    assert any("gke-node" in sentence and "never those of a peer" in sentence for sentence in report.causes[0].evidence)


# What no API shows: named by an answer (likely), or by exclusion (possible and never a blocker).
UNSEEN = [
    ("rc38-guest-firewall-drops-pods", "ok ok ok timeout", "RC38", Status.POSSIBLE, Answer.UNKNOWN),
    ("rc44-policy-of-another-kind", "ok ok ok timeout", "RC44", Status.POSSIBLE, Answer.UNKNOWN),
    ("rc39-guest-firewall-rejects-pods", "ok ok ok unreachable", "RC39", Status.LIKELY, Answer.BROKEN),
    ("rc39-guest-firewall-rejects-pods", "ok ok ok refused", "RC39", Status.LIKELY, Answer.BROKEN),
    ("rc40-application-refuses-pods", "ok ok ok app-error", "RC40", Status.LIKELY, Answer.BROKEN),
    ("rc45-mesh-proxy-refuses", "ok ok ok app-error", "RC45", Status.LIKELY, Answer.BROKEN),
]


@pytest.mark.parametrize(("name", "row", "wanted", "status", "answer"), UNSEEN)
def test_what_no_api_shows_is_never_confirmed(
    seen: Seen, name: str, row: str, wanted: str, status: Status, answer: Answer
) -> None:
    report = evaluate(seen(name, row))
    assert (report.causes[0].id, report.causes[0].status) == (wanted, status)
    assert report.answer is answer
    assert evaluate(seen(name)).answer is Answer.UNKNOWN
    assert wanted not in named(evaluate(seen(name, "ok ok timeout timeout")))


def test_a_403_that_names_the_pod_is_proof(seen: Seen) -> None:
    def said(data: dict[str, Any]) -> None:
        data["probes"][3]["stdout"] = "403 Forbidden: access denied for client 172.16.1.2"

    report = evaluate(seen("rc40-application-refuses-pods", "ok ok ok app-error", said))
    assert report.causes[0].status is Status.CONFIRMED


@pytest.mark.parametrize(
    ("name", "row", "wanted"),
    [
        ("rc68-mtu-differs", "ok ok ok ok", ["RC68"]),
        ("rc70-second-address-is-not-exchanged", "ok ok ok ok", ["RC70"]),
        ("rc71-windows-nodes-masquerade-always", "ok ok ok timeout", ["RC01", "RC71"]),
        ("rc73-proxy-refuses", "ok ok ok timeout refused", ["RC01", "RC73"]),
    ],
)
def test_what_stands_beside_the_cause(seen: Seen, name: str, row: str, wanted: list[str]) -> None:
    report = evaluate(seen(name, row))
    assert named(report) == wanted
    assert not report.causes[-1].blocks


def test_a_connection_that_stalls_between_two_mtus_is_likely_theirs(seen: Seen) -> None:
    report = evaluate(seen("rc68-mtu-differs", "ok ok stalled stalled"))
    assert (report.causes[0].id, report.causes[0].status) == ("RC68", Status.LIKELY)
    assert "RC68" not in named(evaluate(seen("healthy-routes-based", "ok ok stalled stalled")))


def test_small_packets_are_tried_where_bulk_stalls_and_large_ones_where_small_ones_pass(seen: Seen) -> None:
    stalled = seen("rc68-large-packets-lost", "ok ok stalled stalled")
    report = evaluate(stalled)
    assert "peering a-to-b: peerMtu = 1460" in report.causes[0].evidence
    assert report.next is not None
    assert report.next.probes == ("pod-peer@protocol=icmp",)
    small = Probe("pod-peer@protocol=icmp", Outcome.OK)
    report = evaluate(replace(stalled, probes=(*stalled.probes, small)))
    assert "measured: a small packet (icmp) is answered" in report.causes[0].evidence
    green = seen("rc68-large-packets-lost", "ok ok ok ok")
    asked = evaluate(green).next
    assert asked is not None
    assert asked.probes == ("pod-peer@size=8000",)
    assert asked.command.startswith("head -c 8000 /dev/zero | kubectl exec -i -n default my-pod -- curl ")
    lost, through = (
        evaluate(replace(green, probes=(*green.probes, Probe("pod-peer@size=8000", outcome))))
        for outcome in (Outcome.STALLED, Outcome.OK)
    )
    assert (lost.causes[0].status, lost.causes[0].blocks) == (Status.LIKELY, False)
    assert "measured: a request of 8000 bytes, stalled" in lost.causes[0].evidence
    assert (through.causes[0].status, through.next) == (Status.LATENT, None)


def test_a_name_that_does_not_resolve_says_nothing_of_the_way(seen: Seen) -> None:
    report = evaluate(seen("healthy-routes-based", "ok ok ok dns"))
    assert "RC69" in named(report)
    assert not any(cause.blocks for cause in report.causes)
    assert "RC69" not in named(evaluate(seen("healthy-routes-based", "ok ok ok ok")))


def by_name(snapshot: Snapshot, outcome: Outcome) -> Snapshot:
    """The same, asked by the application's name as well."""
    asked = Probe("pod-peer@host=shop.corp.example", outcome)
    return replace(snapshot, probes=(*snapshot.probes, asked))


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.DNS, Status.CONFIRMED), (Outcome.TIMEOUT, Status.LIKELY), (Outcome.OK, None)]
)
def test_a_name_that_leads_elsewhere_than_the_address(seen: Seen, outcome: Outcome, status: Status | None) -> None:
    report = evaluate(by_name(seen("healthy-routes-based", "ok ok ok ok"), outcome))
    assert [(cause.id, cause.status) for cause in report.causes] == ([("RC69", status)] if status else [])
    assert report.answer is (Answer.BROKEN if status else Answer.REACHABLE)
    assert not report.remedies
    assert ("by the name shop.corp.example" in report.headline) == bool(status)
    assert not report.unexplained


def test_where_the_address_is_silent_too_the_name_does_not_stand_in_the_way(seen: Seen) -> None:
    report = evaluate(by_name(seen("article", "ok ok ok timeout"), Outcome.DNS))
    assert report.causes[0].id == "RC01"
    found = {cause.id: cause.blocks for cause in report.causes}
    assert found["RC69"] is False
