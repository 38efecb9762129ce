"""Causes of the missing way back, of masquerading that is not in force, and of forwarding inside the cluster's VPC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rules import remedies
from rules.evaluate import evaluate
from rules.report.model import Answer, Report, Status
from rules.snapshot import Outcome, Probe, Snapshot

Seen = Callable[..., Snapshot]
Edit = Callable[[dict[str, Any]], None]

# Scenario, what pod-local node-local node-peer pod-peer see, every cause that blocks (the one to name first in front),
# and how sure that one is.
TABLE = [
    ("rc04-update-awaits-consent", "ok ok ok timeout", ["RC04"], Status.CONFIRMED),
    ("rc05-peer-route-takes-answers", "ok ok ok timeout", ["RC05"], Status.CONFIRMED),
    ("rc06-peer-subnet-inside-slice", "timeout ok ok timeout", ["RC06"], Status.CONFIRMED),
    ("rc07-peer-subnet-holds-slice", "timeout ok ok timeout", ["RC07"], Status.CONFIRMED),
    ("rc08-node-routes-tagged", "ok ok ok timeout", ["RC08"], Status.CONFIRMED),
    ("rc09-route-quota-reached", "timeout ok ok timeout", ["RC09"], Status.CONFIRMED),
    ("rc10-node-route-not-yet-there", "timeout ok ok timeout", ["RC10"], Status.LIKELY),
    ("rc11-public-pod-range-not-imported", "ok ok ok timeout", ["RC11"], Status.CONFIRMED),
    ("rc12-producer-lacks-pod-routes", "ok ok ok timeout", ["RC12"], Status.CONFIRMED),
    ("rc19-agent-not-on-node", "ok ok ok timeout", ["RC19", "RC01"], Status.CONFIRMED),
    ("rc21-config-key-misspelt", "ok ok ok timeout", ["RC21", "RC01"], Status.CONFIRMED),
    ("rc26-default-list-widened", "ok ok ok timeout", ["RC26", "RC01"], Status.CONFIRMED),
    ("rc27-egress-nat-policy-keeps-pods", "ok ok ok timeout", ["RC27", "RC30"], Status.CONFIRMED),
    ("rc49-node-may-not-forward", "timeout ok ok timeout", ["RC49"], Status.CONFIRMED),
    ("rc54-target-in-pod-range", "ok ok timeout timeout", ["RC54"], Status.CONFIRMED),
]
# As above, where the cause needs a measurement, or a node's nat table.
MEASURED = [
    ("rc23-fix-not-yet-in-force", "ok ok ok timeout", False, ["RC23"], Status.LIKELY),
    ("rc23-fix-not-yet-in-force", "ok ok ok timeout", True, ["RC23", "RC01"], Status.CONFIRMED),
    ("rc24-agent-gone-from-new-nodes", "ok ok ok timeout", True, ["RC24", "RC01"], Status.CONFIRMED),
    ("rc51-policy-route-takes-pods", "ok ok ok timeout", False, ["RC51"], Status.LIKELY),
    ("rc52-answers-diverted-in-peer", "ok ok ok timeout", False, ["RC52"], Status.LIKELY),
    ("rc53-service-has-target-address", "ok ok refused refused", False, ["RC53"], Status.CONFIRMED),
    ("rc55-pod-leaves-by-other-network", "ok ok ok timeout", False, ["RC55"], Status.LIKELY),
]
# Reached by exclusion: never more than possible, whatever is measured.
UNREAD = [
    ("rc13-target-answers-by-other-interface", "ok ok ok timeout", "RC13"),
    ("rc14-guest-bridge-overlaps-pods", "ok ok ok timeout", "RC14"),
    ("rc50-node-does-not-forward", "timeout ok ok timeout", "RC50"),
    ("rc56-masquerade-ports-used-up", "ok ok ok timeout", "RC56"),
]
LATENT = [
    ("rc25-default-snat-disabled", "RC25"),
    ("rc28-two-masquerade-chains", "RC28"),
    ("rc29-pods-masqueraded-to-pods", "RC29"),
]


def blocking(report: Report) -> list[str]:
    return [cause.id for cause in report.causes if cause.blocks]


@pytest.mark.parametrize(("name", "row", "wanted", "status"), TABLE)
def test_the_cause_is_named_first_and_none_is_invented(
    seen: Seen, name: str, row: str, wanted: list[str], status: Status
) -> None:
    report = evaluate(seen(name, row))
    assert blocking(report) == wanted
    assert report.causes[0].status is status
    assert report.answer is Answer.BROKEN
    assert all(cause.evidence and cause.decides for cause in report.causes)


@pytest.mark.parametrize(("name", "row", "wanted", "_status"), TABLE)
def test_the_evidence_predicts_what_is_measured(
    seen: Seen, name: str, row: str, wanted: list[str], _status: Status
) -> None:
    report = evaluate(seen(name))
    assert blocking(report)[:1] == wanted[:1]
    assert [each.predicted for each in report.matrix][:4] == row.split()


@pytest.mark.parametrize(("name", "row", "_wanted", "_status"), TABLE)
def test_an_answer_silences_the_blocker(seen: Seen, name: str, row: str, _wanted: list[str], _status: Status) -> None:
    report = evaluate(seen(name, "ok ok ok ok"))
    assert report.answer is Answer.REACHABLE
    assert blocking(report) == []


@pytest.mark.parametrize(("name", "id"), LATENT)
@pytest.mark.parametrize("nat", [False, True])
def test_what_does_not_block_is_latent(seen: Seen, name: str, id: str, nat: bool) -> None:
    report = evaluate(seen(name, "ok ok ok ok", nat=nat))
    assert report.answer is Answer.REACHABLE
    assert [(cause.id, cause.status, cause.blocks) for cause in report.causes] == [(id, Status.LATENT, False)]


@pytest.mark.parametrize(("name", "row", "nat", "wanted", "status"), MEASURED)
def test_a_measurement_decides(seen: Seen, name: str, row: str, nat: bool, wanted: list[str], status: Status) -> None:
    report = evaluate(seen(name, row, nat=nat))
    assert blocking(report) == wanted
    assert report.causes[0].status is status
    assert report.answer is Answer.BROKEN
    assert all(cause.evidence and cause.decides for cause in report.causes)
    answered = evaluate(seen(name, "ok ok ok ok", nat=nat))
    assert answered.answer is Answer.REACHABLE
    assert blocking(answered) == []


@pytest.mark.parametrize(("name", "row", "wanted"), UNREAD)
def test_what_no_api_shows_is_possible_and_says_what_would_decide(seen: Seen, name: str, row: str, wanted: str) -> None:
    report = evaluate(seen(name, row))
    first = report.causes[0]
    assert (first.id, first.status, first.blocks) == (wanted, Status.POSSIBLE, False)
    assert first.decides
    assert report.answer is Answer.UNKNOWN
    assert report.next is not None
    assert report.next.command
    assert evaluate(seen(name, "ok ok ok ok")).causes == ()


# Near misses: worlds that differ from a cause's in the one thing that makes it.


def items(data: dict[str, Any], project: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["compute"][project][kind]
    return found


def agreed(data: dict[str, Any]) -> None:
    for project in ("project-a", "project-b"):
        for network in items(data, project, "networks"):
            for peering in network.get("peerings", []):
                both = {"exportCustomRoutesToPeer": True, "importCustomRoutesFromPeer": True}
                peering |= {"exportCustomRoutes": True, "importCustomRoutes": True}
                peering["connectionStatus"] = {
                    "trafficConfiguration": both,
                    "consensusState": {"updateStatus": "IN_SYNC"},
                }


def wider(data: dict[str, Any]) -> None:
    for route in items(data, "project-b", "routes"):
        if route["destRange"] == "172.16.1.0/24":
            route["destRange"] = "172.16.0.0/15"


def beside(data: dict[str, Any]) -> None:
    for subnet in items(data, "project-b", "subnetworks"):
        if subnet["name"] == "subnet-new":
            subnet["ipCidrRange"] = "172.16.1.0/25"


def untagged(data: dict[str, Any]) -> None:
    for route in items(data, "project-a", "routes"):
        route.pop("tags", None)


def public_imported(data: dict[str, Any]) -> None:
    for network in items(data, "project-b", "networks"):
        for peering in network.get("peerings", []):
            peering["importSubnetRoutesWithPublicIp"] = True
            peering.pop("connectionStatus", None)


def other_peering(data: dict[str, Any]) -> None:
    for network in items(data, "project-a", "networks"):
        for peering in network.get("peerings", []):
            peering["name"] = "a-to-b"


def agent_file(data: dict[str, Any], text: str) -> None:
    for each in data["kubernetes"]["configmaps"]["items"]:
        each["data"] = {"config": text}


def another_word(data: dict[str, Any]) -> None:
    agent_file(data, "team: [172.16.0.0/16]\nresyncInterval: 60s\n")


def listed_target(data: dict[str, Any]) -> None:
    agent_file(data, "nonMasqueradeCIDR: [172.16.0.0/16, 10.0.0.0/8]\n")


def old_config(data: dict[str, Any]) -> None:
    for each in data["kubernetes"]["configmaps"]["items"]:
        each["metadata"]["creationTimestamp"] = "2026-11-20T00:00:00Z"


def old_node(data: dict[str, Any]) -> None:
    for each in data["kubernetes"]["nodes"]["items"]:
        each["metadata"]["creationTimestamp"] = "2026-11-20T00:00:00Z"


def without_events(data: dict[str, Any]) -> None:
    data["kubernetes"].pop("events")


def forwarding(data: dict[str, Any]) -> None:
    for vm in items(data, "project-a", "instances"):
        vm["canIpForward"] = True


def policy_for_others(data: dict[str, Any]) -> None:
    for project in ("project-a", "project-b"):
        for route in items(data, project, "policyBasedRoutes"):
            route["filter"]["srcRange"] = route["filter"]["destRange"] = "192.168.0.0/16"


def policy_for_all(data: dict[str, Any]) -> None:
    for route in items(data, "project-a", "policyBasedRoutes"):
        route["filter"]["srcRange"] = "0.0.0.0/0"


def another_address(data: dict[str, Any]) -> None:
    for service in data["kubernetes"]["services"]["items"]:
        if service["metadata"]["name"] == "left-over":
            service["spec"] |= {"clusterIP": "10.2.0.11", "clusterIPs": ["10.2.0.11"]}


def first_interface(data: dict[str, Any]) -> None:
    for pod in data["kubernetes"]["pods"]["items"]:
        pod["metadata"].pop("annotations", None)


def one_interface(data: dict[str, Any]) -> None:
    for vm in items(data, "project-b", "instances"):
        vm["networkInterfaces"] = vm["networkInterfaces"][-1:]


def narrow_policy(data: dict[str, Any]) -> None:
    data["kubernetes"]["egressnatpolicies"]["items"][0]["spec"]["destinations"] = [{"cidr": "192.168.0.0/16"}]


LOST = "ok ok ok timeout"
NEAR = [
    ("rc04-update-awaits-consent", LOST, agreed, "RC04"),
    ("rc05-peer-route-takes-answers", LOST, wider, "RC05"),
    ("rc06-peer-subnet-inside-slice", "timeout ok ok timeout", beside, "RC06"),
    ("rc06-peer-subnet-inside-slice", LOST, None, "RC06"),  # pod → local is answered
    ("rc07-peer-subnet-holds-slice", "timeout ok ok timeout", beside, "RC07"),
    ("rc08-node-routes-tagged", LOST, untagged, "RC08"),
    ("rc09-route-quota-reached", "timeout ok ok timeout", without_events, "RC09"),
    ("rc10-node-route-not-yet-there", "timeout ok ok timeout", old_node, "RC10"),
    ("rc11-public-pod-range-not-imported", LOST, public_imported, "RC11"),
    ("rc12-producer-lacks-pod-routes", LOST, other_peering, "RC12"),
    ("rc13-target-answers-by-other-interface", LOST, one_interface, "RC13"),
    ("rc13-target-answers-by-other-interface", "timeout ok ok timeout", None, "RC13"),
    ("rc13-target-answers-by-other-interface", LOST, None, "RC14"),
    ("rc14-guest-bridge-overlaps-pods", "ok ok timeout timeout", None, "RC14"),
    ("article", LOST, None, "RC14"),  # what is read explains it already
    ("rc21-config-key-misspelt", LOST, another_word, "RC21"),
    ("rc21-config-key-misspelt", LOST, listed_target, "RC21"),
    ("rc23-fix-not-yet-in-force", LOST, old_config, "RC23"),
    ("rc18-no-agent", LOST, None, "RC24"),
    ("rc24-agent-gone-from-new-nodes", LOST, old_node, "RC24"),
    ("rc18-no-agent", LOST, None, "RC26"),
    ("rc27-egress-nat-policy-keeps-pods", LOST, narrow_policy, "RC27"),
    ("rc49-node-may-not-forward", "timeout ok ok timeout", forwarding, "RC49"),
    ("rc49-node-may-not-forward", "timeout ok ok timeout", None, "RC50"),
    ("rc50-node-does-not-forward", LOST, None, "RC50"),
    ("rc51-policy-route-takes-pods", LOST, policy_for_others, "RC51"),
    ("rc51-policy-route-takes-pods", "ok ok timeout timeout", policy_for_all, "RC51"),
    ("rc52-answers-diverted-in-peer", LOST, policy_for_others, "RC52"),
    ("rc53-service-has-target-address", "ok ok refused refused", another_address, "RC53"),
    ("rc54-target-in-pod-range", "ok ok ok timeout", None, "RC54"),
    ("rc55-pod-leaves-by-other-network", LOST, first_interface, "RC55"),
    ("rc14-guest-bridge-overlaps-pods", LOST, None, "RC56"),  # nothing is masqueraded there
]


def test_rules_left_on_an_older_node_are_asked_for_and_shown_by_its_answer(seen: Seen) -> None:
    snapshot = seen("rc24-agent-gone-from-new-nodes", LOST)
    report = evaluate(snapshot)
    assert [(cause.id, cause.status) for cause in report.causes] == [
        ("RC01", Status.CONFIRMED),
        ("RC24", Status.POSSIBLE),
    ]
    assert any("outside 10.0.0.0/8" in said for said in report.causes[1].evidence)
    assert report.next is not None
    assert report.next.probes == ("pod-peer@gke-node-02",)
    asked = {
        outcome: evaluate(replace(snapshot, probes=(*snapshot.probes, Probe("pod-peer@gke-node-02", outcome))))
        for outcome in (Outcome.OK, Outcome.TIMEOUT)
    }
    assert [cause.id for cause in asked[Outcome.OK].causes] == ["RC24", "RC01"]
    assert asked[Outcome.OK].causes[0].status is Status.CONFIRMED
    assert asked[Outcome.OK].next is None
    assert [cause.id for cause in asked[Outcome.TIMEOUT].causes] == ["RC01"]


@pytest.mark.parametrize(("name", "row", "edit", "silent"), NEAR)
def test_a_neighbour_of_a_cause_is_not_it(seen: Seen, name: str, row: str, edit: Edit | None, silent: str) -> None:
    report = evaluate(seen(name, row, edit))
    assert silent not in [cause.id for cause in report.causes if cause.blocks or cause.status is not Status.LATENT]


UNREADABLE = [
    ("rc04-update-awaits-consent", ("RC04",)),
    ("rc05-peer-route-takes-answers", ("RC05",)),
    ("rc08-node-routes-tagged", ()),
    ("rc11-public-pod-range-not-imported", ("RC11",)),
    ("rc52-answers-diverted-in-peer", ("RC52",)),
]


@pytest.mark.parametrize(("name", "unproven"), UNREADABLE)
def test_without_the_deciding_evidence_nothing_is_confirmed(
    seen: Seen, forbid: Any, name: str, unproven: tuple[str, ...]
) -> None:
    def edit(data: dict[str, Any]) -> None:
        forbid("project-b")(data)
        for network in items(data, "project-a", "networks"):
            for peering in network.get("peerings", []):
                peering.pop("connectionStatus", None)

    report = evaluate(seen(name, LOST, edit))
    confirmed = [cause.id for cause in report.causes if cause.status is Status.CONFIRMED]
    assert not set(unproven) & set(confirmed)


def test_a_default_route_to_an_appliance_takes_the_answers(seen: Seen) -> None:
    """The peer's own wide route, where the exchange has not brought the narrow one."""

    def edit(data: dict[str, Any]) -> None:
        for route in items(data, "project-b", "routes"):
            if route["destRange"] == "0.0.0.0/0":
                route.pop("nextHopGateway")
                vm = items(data, "project-b", "instances")[0]["selfLink"]
                route["nextHopInstance"] = vm

    report = evaluate(seen("article", LOST, edit))
    assert blocking(report) == ["RC52"]
    assert report.causes[0].status is Status.LIKELY
    assert "exchange-routes" in report.causes[0].remedies


def test_two_peers_with_one_prefix_are_told(seen: Seen) -> None:
    def edit(data: dict[str, Any]) -> None:
        (network,) = items(data, "project-b", "networks")
        (ours,) = network["peerings"]
        other = {**ours, "name": "b-to-c", "network": ours["network"].replace("project-a", "project-c")}
        network["peerings"].append({**other, "importCustomRoutes": True})
        row = {"destRange": "172.16.1.0/24", "type": "STATIC_PEERING_ROUTE", "priority": 1000, "imported": True}
        for peering in ("b-to-a", "b-to-c"):
            listed = {"network": "vpc-b", "peering": peering, "direction": "INCOMING", "region": "asia-northeast1"}
            data["compute"]["project-b"].setdefault("peeringRoutes", []).append({**listed, "items": [row]})

    report = evaluate(seen("healthy-routes-based", LOST, edit))
    assert [(cause.id, cause.status) for cause in report.causes if cause.blocks] == [("RC05", Status.LIKELY)]


def test_the_remedies_that_causes_name_exist(seen: Seen) -> None:
    known = {remedy.id for remedy in remedies.load()}
    for name, row, *_rest in TABLE:
        for cause in evaluate(seen(name, row)).causes:
            assert set(cause.remedies) <= known, cause.id
