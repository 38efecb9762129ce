"""Each cause: found where it is so, silent beside it, and its page complete."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from rules import causes
from rules.evaluate import evaluate
from rules.report.model import Answer, Report, Status
from rules.snapshot import Snapshot

Seen = Callable[..., Snapshot]

# Scenario, what pod-local node-local node-peer pod-peer see (the catalogue's columns A B C D), and every cause that
# blocks there, the one to name first in front.
TABLE = [
    ("article", "ok ok ok timeout", ["RC01"]),
    ("rc02-peer-does-not-import", "ok ok ok timeout", ["RC02"]),
    ("rc03-own-side-does-not-export", "ok ok ok timeout", ["RC03"]),
    ("rc16-config-under-another-key", "ok ok ok timeout", ["RC16", "RC01"]),
    ("rc17-config-in-another-namespace", "ok ok ok timeout", ["RC17", "RC01"]),
    ("rc18-no-agent", "ok ok ok timeout", ["RC18", "RC01"]),
    ("rc20-invalid-config", "ok ok ok timeout", ["RC20", "RC01"]),
    ("rc22-config-still-holds-target", "ok ok ok timeout", ["RC22", "RC01"]),
    ("rc30-peer-firewall-admits-nodes-only", "ok ok ok timeout", ["RC30"]),
    ("rc31-no-routes-and-firewall", "ok ok ok timeout", ["RC31", "RC01", "RC30"]),
    ("rc48-node-route-missing", "timeout ok ok timeout", ["RC48"]),
    ("rc57-peering-inactive", "ok ok timeout timeout", ["RC57"]),
    ("rc66-target-stopped", "ok ok timeout timeout", ["RC66"]),
]
HEALTHY = ["healthy-routes-based", "healthy-vpc-native"]


def blocking(report: Report) -> list[str]:
    return [cause.id for cause in report.causes if cause.blocks]


@pytest.mark.parametrize(("name", "row", "wanted"), TABLE)
def test_every_blocker_is_named_and_no_other(seen: Seen, name: str, row: str, wanted: list[str]) -> None:
    report = evaluate(seen(name, row))
    assert blocking(report) == wanted
    assert [cause.id for cause in report.causes if not cause.blocks] == []
    assert all(cause.status is Status.CONFIRMED for cause in report.causes)
    assert all(cause.evidence and cause.decides for cause in report.causes)
    assert report.answer is Answer.BROKEN
    assert all(row.agrees in (True, None) for row in report.matrix)
    assert report.unexplained == ()


@pytest.mark.parametrize(("name", "row", "wanted"), TABLE)
def test_evidence_alone_carries_the_verdict(seen: Seen, name: str, row: str, wanted: list[str]) -> None:
    report = evaluate(seen(name))
    assert blocking(report)[:1] == wanted[:1] or name == "rc20-invalid-config"
    assert [seen.predicted for seen in report.matrix][:4] == row.split() or name == "rc20-invalid-config"


@pytest.mark.parametrize("nat", [False, True])
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_world_raises_no_alarm(seen: Seen, name: str, nat: bool) -> None:
    report = evaluate(seen(name, "ok ok ok ok", nat=nat))
    assert report.answer is Answer.REACHABLE
    assert report.causes == ()
    assert report.remedies == ()
    assert report.unexplained == ()
    assert report.unknowns == ()
    assert report.broken is None
    assert report.next is None


@pytest.mark.parametrize(("name", "row", "_wanted"), TABLE)
def test_an_answer_from_the_target_silences_every_blocker(seen: Seen, name: str, row: str, _wanted: list[str]) -> None:
    """What is measured wins over what is modelled; the contradiction is said."""
    report = evaluate(seen(name, "ok ok ok ok"))
    assert report.answer is Answer.REACHABLE
    assert blocking(report) == []
    if name != "rc20-invalid-config":  # there the model itself cannot tell
        assert report.unexplained != ()


def test_the_page_of_every_cause_is_whole() -> None:
    for cause in causes.load():
        page = causes.page(cause.id)
        assert page.startswith(f"# {cause.id} {cause.title}\n")
        heads = re.findall(r"^## (.+)$", page, re.MULTILINE)
        assert heads == [
            "Symptom",
            "How we know",
            "Why it happens, packet by packet",
            "Prove it yourself",
            "Fix",
            "Links",
        ]
        proof = page.partition("## Prove it yourself")[2].partition("## Fix")[0]
        assert "```sh" in proof
        assert "kubectl" in proof or "gcloud" in proof
        assert "https://" in page.partition("## Links")[2]


def test_the_catalogue_is_numbered_without_doubles() -> None:
    ids = [cause.id for cause in causes.load()]
    assert ids == sorted(set(ids))
    assert set(ids) <= {f"RC{number:02}" for number in range(1, 75)}
    assert {"RC01", "RC02", "RC03", "RC16", "RC17", "RC18", "RC20", "RC22"} <= set(ids)


@pytest.mark.parametrize("id", ["RC99", "", "rc", "../rc01", "RC01 "])
def test_an_unknown_page_is_a_lookup_error(id: str) -> None:
    if id.strip() == "RC01":
        assert causes.page(id) == causes.page("rc01")
        return
    with pytest.raises(LookupError):
        causes.page(id)


# Who has to act: the owner of the first broken leg, unless the fault behind it is another's.
OWNERS = [
    ("article", "ok ok ok timeout", "project-b/vpc-b", "project-b"),
    ("rc02-peer-does-not-import", "ok ok ok timeout", "project-b/vpc-b", "project-b"),
    ("rc03-own-side-does-not-export", "ok ok ok timeout", "project-b/vpc-b", "project-a"),
    ("rc30-peer-firewall-admits-nodes-only", "ok ok ok timeout", "project-b/vpc-b", "project-b"),
    ("rc48-node-route-missing", "timeout ok ok timeout", "project-a/vpc-a", "project-a"),
    ("rc57-peering-inactive", "ok ok timeout timeout", "project-a/vpc-a", "project-b"),
    ("rc66-target-stopped", "ok ok timeout timeout", "project-b/vpc-b", "project-b"),
]


@pytest.mark.parametrize(("name", "row", "place", "owner"), OWNERS)
def test_the_headline_sends_to_whoever_can_act(seen: Seen, name: str, row: str, place: str, owner: str) -> None:
    report = evaluate(seen(name, row))
    assert report.broken is not None
    assert (str(report.broken.vpc), report.broken.owner) == (place, owner)
    assert f"at {place}" in report.headline
    assert f"owner {owner}" in report.headline


# Near misses: worlds that differ from a cause's in the one thing that makes it.


def compute(data: dict[str, Any], project: str, kind: str) -> list[dict[str, Any]]:
    found = data["compute"][project][kind]
    assert isinstance(found, list)
    return found


def set_flags(data: dict[str, Any], project: str, **flags: object) -> None:
    for network in compute(data, project, "networks"):
        for peering in network.get("peerings", []):
            peering.update(flags)


def config_maps(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = data["kubernetes"]["configmaps"]["items"]
    assert isinstance(found, list)
    return found


def near_tagged(data: dict[str, Any]) -> None:
    for route in compute(data, "project-a", "routes"):
        if route.get("description") == "k8s-node-route":
            route["tags"] = ["only-these"]


def near_pending(data: dict[str, Any]) -> None:
    for project, field in (("project-a", "exportCustomRoutes"), ("project-b", "importCustomRoutes")):
        set_flags(
            data,
            project,
            updateStrategy="CONSENSUS",
            connectionStatus={"consensusState": {"updateStatus": "PENDING_PEER_ACKNOWLEDGEMENT"}},
            **{field: True},
        )


def near_overlap(data: dict[str, Any]) -> None:
    subnet = dict(compute(data, "project-b", "subnetworks")[0])
    subnet |= {"name": "overlapping", "ipCidrRange": "172.16.0.0/20", "id": "4711"}
    compute(data, "project-b", "subnetworks").append(subnet)
    set_flags(data, "project-a", exportCustomRoutes=True)
    set_flags(data, "project-b", importCustomRoutes=True)


def near_egress_policy(data: dict[str, Any]) -> None:
    data["kubernetes"]["networkpolicies"]["items"].append(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "deny", "namespace": "default"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": []},
        }
    )
    data["container"]["clusters"][0]["networkPolicy"] = {"enabled": True, "provider": "CALICO"}


def near_firewall_all(data: dict[str, Any]) -> None:
    """Nothing from A is admitted: neither nodes nor pods (that is another cause than RC30)."""
    for entry in compute(data, "project-b", "effectiveFirewalls"):
        entry["firewalls"] = [rule for rule in entry.get("firewalls", []) if "allow-from-a" not in rule["name"]]


@pytest.mark.parametrize(
    ("edit", "row", "silent"),
    [
        (near_tagged, "ok ok ok timeout", {"RC01", "RC02", "RC03"}),
        (near_pending, "ok ok ok timeout", {"RC01", "RC02", "RC03"}),
        (near_overlap, "timeout ok ok timeout", {"RC01", "RC02", "RC03"}),
        (near_firewall_all, "ok ok timeout timeout", {"RC30", "RC31"}),
    ],
)
def test_a_neighbour_of_a_cause_is_not_it(seen: Seen, edit: Any, row: str, silent: set[str]) -> None:
    report = evaluate(seen("article", row, edit))
    assert not silent & {cause.id for cause in report.causes}
    assert report.broken is not None


def test_a_policy_at_the_pod_is_a_break_of_the_first_leg(seen: Seen) -> None:
    report = evaluate(seen("healthy-routes-based", "timeout ok ok timeout", near_egress_policy))
    assert report.answer is Answer.BROKEN
    assert blocking(report) == ["RC43"]
    assert report.broken is not None
    assert report.broken.direction == "forward"
    assert report.broken.reason == "GKE_NETWORK_POLICY"
    assert report.broken.owner == "project-a"


@pytest.mark.parametrize("name", [entry[0] for entry in TABLE if entry[0].startswith(("rc16", "rc17", "rc18", "rc20"))])
def test_an_idle_config_is_latent_where_routes_are_exchanged(seen: Seen, name: str) -> None:
    def exchange(data: dict[str, Any]) -> None:
        set_flags(data, "project-a", exportCustomRoutes=True)
        set_flags(data, "project-b", importCustomRoutes=True)

    report = evaluate(seen(name, "ok ok ok ok", exchange))
    assert report.answer is Answer.REACHABLE
    assert [(cause.id, cause.status) for cause in report.causes] == [(name[:4].upper(), Status.LATENT)]


def test_a_list_that_holds_a_reachable_target_is_no_fault(seen: Seen) -> None:
    def exchange(data: dict[str, Any]) -> None:
        set_flags(data, "project-a", exportCustomRoutes=True)
        set_flags(data, "project-b", importCustomRoutes=True)

    assert evaluate(seen("rc22-config-still-holds-target", "ok ok ok ok", exchange)).causes == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rc16-config-under-another-key", "some: thing\n"),
        ("rc16-config-under-another-key", "nonMasqueradeCIDRs: [10.0.0.0/8, 172.16.0.0/12]\n"),
        ("rc17-config-in-another-namespace", "nonMasqueradeCIDRs: [10.0.0.0/8]\n"),
        ("rc18-no-agent", "nonMasqueradeCIDRs: [10.0.0.0/8, 172.16.0.0/12]\n"),
    ],
)
def test_a_text_that_would_not_masquerade_the_target_is_not_the_cause(seen: Seen, name: str, text: str) -> None:
    def rewrite(data: dict[str, Any]) -> None:
        for config_map in config_maps(data):
            config_map["data"] = dict.fromkeys(config_map["data"], text)

    report = evaluate(seen(name, "ok ok ok timeout", rewrite))
    assert blocking(report) == ["RC01"]


def test_rc48_needs_the_node_of_this_pod(seen: Seen) -> None:
    def other_node(data: dict[str, Any]) -> None:
        routes = compute(data, "project-a", "routes")
        routes[:] = [route for route in routes if not route.get("destRange", "").startswith("172.16.2.")]

    report = evaluate(seen("article", "ok ok ok timeout", other_node))
    assert "RC48" not in {cause.id for cause in report.causes}


def test_rc48_when_the_next_hop_is_another_vm(seen: Seen) -> None:
    def stale(data: dict[str, Any]) -> None:
        for route in compute(data, "project-a", "routes"):
            if route.get("destRange", "").startswith("172.16.1."):
                route["nextHopInstance"] = route["nextHopInstance"].replace("gke-node-01", "gke-node-02")

    report = evaluate(seen("article", "timeout ok ok timeout", stale))
    first = report.causes[0]
    assert (first.id, first.status, first.blocks) == ("RC48", Status.CONFIRMED, True)
    assert any("gke-node-02" in fact for fact in first.evidence)


def test_rc48_does_not_stand_against_an_answer(seen: Seen) -> None:
    report = evaluate(seen("rc48-node-route-missing", "ok ok ok timeout"))
    assert "RC48" not in {cause.id for cause in report.causes}


def test_rc66_says_when_google_reserves_the_address(seen: Seen) -> None:
    def gateway(data: dict[str, Any]) -> None:
        data["question"]["target"]["ip"] = "10.2.0.1"

    report = evaluate(seen("healthy-routes-based", "ok ok timeout timeout", gateway))
    assert blocking(report) == ["RC66"]
    assert any("reserved" in fact for fact in report.causes[0].evidence)


# One side alone is readable.


def test_without_the_peer_the_own_flag_carries_rc01(seen: Seen, forbid: Any) -> None:
    report = evaluate(seen("article", "ok ok ok timeout", forbid("project-b")))
    assert report.answer is Answer.BROKEN
    found = {cause.id: cause.status for cause in report.causes}
    assert found["RC01"] is Status.LIKELY
    assert found["RC03"] is Status.POSSIBLE
    assert report.next is not None
    assert "project-b" in report.next.command
    assert report.unknowns != ()


def test_without_the_peer_an_exporting_side_leaves_it_open(seen: Seen, forbid: Any) -> None:
    report = evaluate(seen("rc02-peer-does-not-import", "ok ok ok timeout", forbid("project-b")))
    assert report.answer is Answer.UNKNOWN
    assert {cause.status for cause in report.causes} == {Status.POSSIBLE}
    assert report.next is not None
    assert "--direction OUTGOING" in report.next.command


def test_without_the_peer_the_rejected_row_carries_rc02(seen: Seen, forbid: Any) -> None:
    def edit(data: dict[str, Any]) -> None:
        forbid("project-b")(data)
        rows = [
            {"destRange": "10.1.0.0/16", "type": "SUBNET_PEERING_ROUTE", "priority": 0, "imported": True},
            {"destRange": "172.16.1.0/24", "type": "STATIC_PEERING_ROUTE", "priority": 1000, "imported": False},
        ]
        listed = {"network": "vpc-a", "peering": "a-to-b", "direction": "OUTGOING", "region": "asia-northeast1"}
        data["compute"]["project-a"].setdefault("peeringRoutes", []).append({**listed, "items": rows})

    report = evaluate(seen("rc02-peer-does-not-import", "ok ok ok timeout", edit))
    assert report.answer is Answer.BROKEN
    assert (report.causes[0].id, report.causes[0].status) == ("RC02", Status.LIKELY)


# Other outcomes.


def test_an_error_of_the_application_is_not_a_broken_leg(seen: Seen) -> None:
    report = evaluate(seen("healthy-routes-based", "ok ok app-error app-error"))
    assert report.answer is Answer.UNKNOWN
    assert report.broken is None
    assert report.causes == ()
    assert report.remedies == ()


def test_a_table_that_lags_behind_its_config_map_is_said(seen: Seen) -> None:
    """The lab's nodes have their rules from boot; the article's ConfigMap would masquerade the target."""

    def article_config(data: dict[str, Any]) -> None:
        text = "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\nresyncInterval: 60s\n"
        metadata = {"name": "ip-masq-agent", "namespace": "kube-system"}
        config_maps(data).append(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"config": text}}
        )

    report = evaluate(seen("article", "ok ok ok timeout", article_config, nat=True))
    assert any("does not yet" in sentence for sentence in report.unexplained)
    assert report.masquerade is not None
    assert report.masquerade.masqueraded is False


def test_masqueraded_packets_fare_as_the_nodes_do(seen: Seen) -> None:
    """Invariant I7: with the article's ConfigMap in force, pod and node are one; a difference is said."""

    def article_config(data: dict[str, Any]) -> None:
        text = "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n"
        metadata = {"name": "ip-masq-agent", "namespace": "kube-system"}
        config_maps(data).append(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"config": text}}
        )

    well = evaluate(seen("article", "ok ok ok ok", article_config))
    assert (well.answer, well.unexplained, well.causes) == (Answer.REACHABLE, (), ())
    ill = evaluate(seen("article", "ok ok ok timeout", article_config))
    assert ill.answer is Answer.UNKNOWN
    assert any("fare alike" in sentence for sentence in ill.unexplained)


def test_pods_that_fare_better_than_nodes_are_said(seen: Seen) -> None:
    """Invariant I5: the target admits pods' addresses and not nodes'."""
    report = evaluate(seen("healthy-routes-based", "ok ok timeout ok"))
    assert report.answer is Answer.REACHABLE
    assert any("Masquerading would break" in sentence for sentence in report.unexplained)


@pytest.mark.parametrize("name", ["article", "rc16-config-under-another-key", "rc30-peer-firewall-admits-nodes-only"])
def test_an_icmp_error_is_not_a_lost_answer(seen: Seen, name: str) -> None:
    """Lost answers and dropped requests end in silence; an error that arrives has found its way home (I3, I4)."""
    report = evaluate(seen(name, "ok ok ok unreachable"))
    assert blocking(report) == []
    assert report.answer is Answer.UNKNOWN


def test_silence_where_all_is_in_order_is_unexplained(seen: Seen) -> None:
    report = evaluate(seen("healthy-routes-based", "ok ok ok timeout"))
    assert report.answer is Answer.UNKNOWN
    assert all(cause.status is Status.POSSIBLE and not cause.blocks for cause in report.causes)
    assert report.unexplained != ()
    assert report.next is not None
    assert report.next.probes == ("pod-peer@try=2",)
    assert report.next.command.startswith("kubectl exec")


def test_unmeasured_and_in_order_asks_for_the_measurement(seen: Seen) -> None:
    report = evaluate(seen("healthy-routes-based"))
    assert report.answer is Answer.UNKNOWN
    assert report.next is not None
    assert report.next.command.startswith("kubectl exec -n default my-pod -- curl")


def test_a_snapshot_of_nothing_is_judged_unknown(seen: Seen) -> None:
    def empty(data: dict[str, Any]) -> None:
        for part in ("kubernetes", "container", "compute", "node_nat"):
            data[part] = {}

    report = evaluate(seen("article", "- - - -", empty))
    assert report.answer is Answer.UNKNOWN
    assert report.causes == ()
    assert report.remedies == ()
