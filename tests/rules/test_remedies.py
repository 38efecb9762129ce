"""Remedies: the world after them walks home, their data is what the agent and the API take, their reach is said."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules import remedies
from rules.build import build
from rules.case import Case
from rules.evaluate import evaluate, judge
from rules.masquerade import agent_config
from rules.remedies import masquerade_minimal
from rules.remedies.fixset import minimal
from rules.remedies.impact import impact
from rules.report.model import Offer, Report, Role
from rules.snapshot import Snapshot

Seen = Callable[..., Snapshot]

OUT = "ok ok ok timeout"


def offer(report: Report, name: str) -> Offer:
    return next(each for each in report.remedies if each.id == name)


def new_text(found: Offer) -> str:
    after = found.changes[0].after
    assert after is not None
    text = after["data"]["config"]
    assert isinstance(text, str)
    return text


# Scenario, remedy, is it enough alone.
ENOUGH = [
    ("article", "masquerade-minimal", True),
    ("article", "masquerade-article", True),
    ("article", "exchange-routes", True),
    ("rc02-peer-does-not-import", "import-routes", True),
    ("article", "export-routes", False),
    ("article", "import-routes", False),
    ("rc03-own-side-does-not-export", "export-routes", True),
    ("rc16-config-under-another-key", "masquerade-minimal", True),
    ("rc17-config-in-another-namespace", "masquerade-minimal", True),
    ("rc18-no-agent", "masquerade-minimal", False),
    ("rc18-no-agent", "deploy-agent", True),
    ("rc16-config-under-another-key", "mend-config", True),
    ("rc17-config-in-another-namespace", "mend-config", True),
    ("rc20-invalid-config", "mend-config", True),
    ("rc21-config-key-misspelt", "mend-config", True),
    ("rc30-peer-firewall-admits-nodes-only", "peer-firewall", True),
    ("rc31-no-routes-and-firewall", "peer-firewall", False),
    ("rc18-no-agent", "exchange-routes", True),
    ("rc20-invalid-config", "masquerade-minimal", True),
    ("rc22-config-still-holds-target", "masquerade-minimal", True),
    ("rc30-peer-firewall-admits-nodes-only", "masquerade-minimal", True),
    ("rc31-no-routes-and-firewall", "masquerade-minimal", True),
    ("rc31-no-routes-and-firewall", "exchange-routes", False),
    ("rc48-node-route-missing", "masquerade-minimal", True),
]


@pytest.mark.parametrize(("name", "remedy", "enough"), ENOUGH)
def test_a_preview_is_the_judgement_of_the_world_after_it(seen: Seen, name: str, remedy: str, enough: bool) -> None:
    row = "timeout ok ok timeout" if name.startswith("rc48") else OUT
    snapshot = seen(name, row)
    report = evaluate(snapshot)
    found = offer(report, remedy)
    assert found.complete is enough
    assert (found.predicted == "ok") is enough
    by_id = {each.id: each for each in remedies.load()}
    after = by_id[remedy].after(build(snapshot), snapshot.question)
    then = judge(after, snapshot.question)
    assert [row.predicted for row in then.matrix] == [row.predicted for row in found.matrix]
    assert (then.broken is None) is enough
    assert found.commands
    assert found.undo
    assert found.preconditions
    assert found.blast_radius


@pytest.mark.parametrize("name", ["rc57-peering-inactive", "rc66-target-stopped"])
def test_nothing_is_offered_while_the_node_itself_is_not_answered(seen: Seen, name: str) -> None:
    assert evaluate(seen(name, "ok ok timeout timeout")).remedies == ()
    assert evaluate(seen(name)).remedies == ()


def test_enough_alone_comes_first(seen: Seen) -> None:
    report = evaluate(seen("rc31-no-routes-and-firewall", OUT))
    assert [each.complete for each in report.remedies][:3] == [True, True, False]


def test_each_side_is_asked_only_for_what_is_missing(seen: Seen) -> None:
    both = offer(evaluate(seen("article", OUT)), "exchange-routes")
    assert [(each.key["peering"], each.owner, each.before, each.after) for each in both.changes] == [
        ("a-to-b", "project-a", {"exportCustomRoutes": False}, {"exportCustomRoutes": True}),
        ("b-to-a", "project-b", {"importCustomRoutes": False}, {"importCustomRoutes": True}),
    ]
    theirs = offer(evaluate(seen("rc02-peer-does-not-import", OUT)), "import-routes")
    assert [(each.key["peering"], each.after) for each in theirs.changes] == [("b-to-a", {"importCustomRoutes": True})]
    assert theirs.owner == "project-b"
    ours = offer(evaluate(seen("rc03-own-side-does-not-export", OUT)), "export-routes")
    assert [(each.key["peering"], each.after) for each in ours.changes] == [("a-to-b", {"exportCustomRoutes": True})]
    assert ours.owner == "project-a"


def test_commands_are_what_a_person_would_type(seen: Seen) -> None:
    report = evaluate(seen("article", OUT))
    assert offer(report, "exchange-routes").commands == (
        "gcloud compute networks peerings update a-to-b --network vpc-a --project project-a --export-custom-routes",
        "gcloud compute networks peerings update b-to-a --network vpc-b --project project-b --import-custom-routes",
    )
    made = offer(report, "masquerade-article").commands
    assert made[-1] == "kubectl create configmap ip-masq-agent --namespace kube-system --from-file config"
    assert made[0].startswith("cat > config <<'EOF'\nnonMasqueradeCIDRs:\n- 172.16.0.0/16\n- 10.1.0.0/16\n")
    assert offer(report, "masquerade-article").undo == (
        "kubectl delete configmap ip-masq-agent --namespace kube-system",
    )


def test_the_articles_list_is_the_articles(seen: Seen) -> None:
    text = new_text(offer(evaluate(seen("article", OUT)), "masquerade-article"))
    assert yaml.safe_load(text) == {"nonMasqueradeCIDRs": ["172.16.0.0/16", "10.1.0.0/16"], "resyncInterval": "60s"}


def test_the_minimal_list_is_the_defaults_minus_the_targets_range(seen: Seen) -> None:
    text = new_text(offer(evaluate(seen("article", OUT)), "masquerade-minimal"))
    config = agent_config(text, all_reserved=True)
    assert config.error == ""
    defaults = agent_config(None, all_reserved=True).ranges
    hole = IPv4Network("10.2.0.0/16")
    for probe in ("10.1.0.21", "10.2.0.10", "10.2.255.255", "10.3.0.1", "172.16.1.2", "192.168.0.1", "8.8.8.8"):
        address = IPv4Address(probe)
        wanted = any(address in entry for entry in defaults) and address not in hole
        assert any(address in entry for entry in config.ranges) is wanted


def test_reach_names_what_changes_for_others(seen: Seen) -> None:
    report = evaluate(seen("article", OUT))
    narrow = " ".join(offer(report, "masquerade-minimal").blast_radius)
    wide = " ".join(offer(report, "masquerade-article").blast_radius)
    assert "towards 10.2.0.0/16" in narrow
    assert "10.128.0.0/9" not in narrow
    assert "10.128.0.0/9" in wide
    routes = " ".join(offer(report, "exchange-routes").blast_radius)
    assert "2 routes to pods" in routes


def test_other_custom_routes_that_become_visible_are_named(seen: Seen) -> None:
    def vpn(data: dict[str, Any]) -> None:
        routes = data["compute"]["project-a"]["routes"]
        base = {"network": routes[0]["network"], "priority": 1000, "kind": "compute#route"}
        routes.append({**base, "name": "to-site", "destRange": "192.168.7.0/24", "nextHopVpnTunnel": "x/vpnTunnels/t1"})
        routes.append(
            {**base, "name": "tagged", "destRange": "192.168.8.0/24", "nextHopIp": "10.1.0.21", "tags": ["t"]}
        )

    found = offer(evaluate(seen("article", OUT, vpn)), "exchange-routes")
    said = " ".join(found.blast_radius)
    assert "192.168.7.0/24 (to-site)" in said
    assert "192.168.8.0/24" not in said


def config_of(data: dict[str, Any]) -> dict[str, Any]:
    items = data["kubernetes"]["configmaps"]["items"]
    found = next(item for item in items if item["metadata"]["name"] == "ip-masq-agent")
    assert isinstance(found, dict)
    return found


def test_foreign_keys_of_the_file_and_of_the_config_map_stay(seen: Seen) -> None:
    text = "masqLinkLocal: true\nteam: net\nnonMasqueradeCIDRs: [10.0.0.0/8, 172.16.0.0/16]\ncidrLimit: 32\n"

    def edit(data: dict[str, Any]) -> None:
        config_of(data)["data"] = {"config": text, "notes": "do not touch"}

    found = offer(evaluate(seen("rc22-config-still-holds-target", OUT, edit)), "masquerade-minimal")
    after, before = found.changes[0].after, found.changes[0].before
    assert after is not None
    assert before is not None
    assert before["data"] == {"config": text, "notes": "do not touch"}
    assert after["data"]["notes"] == "do not touch"
    keys = yaml.safe_load(after["data"]["config"])
    assert keys.pop("nonMasqueradeCIDRs")
    assert keys == {"masqLinkLocal": True, "team": "net", "cidrLimit": 32}
    patch = shlex.split(found.commands[0])
    assert patch[:4] == ["kubectl", "patch", "configmap", "ip-masq-agent"]
    assert yaml.safe_load(patch[-1]) == {"data": {"config": after["data"]["config"]}}
    assert yaml.safe_load(shlex.split(found.undo[0])[-1]) == {"data": {"config": text}}


def test_undoing_a_key_that_was_absent_removes_it(seen: Seen) -> None:
    found = offer(evaluate(seen("rc16-config-under-another-key", OUT)), "masquerade-minimal")
    assert yaml.safe_load(shlex.split(found.undo[0])[-1]) == {"data": {"config": None}}


@pytest.mark.parametrize(
    "text",
    [
        "nonMasqueradeCIDRs: [10.1.0.1/16]\nresyncInterval: 60\nteam: net\n",
        "\tnot: yaml",
        "nonMasqueradeCIDRs: [fd00::/8]\nmasqLinkLocal: 'true'\n",
        "- a\n- list\n",
    ],
)
def test_what_the_agent_refuses_is_not_carried_over(seen: Seen, text: str) -> None:
    def edit(data: dict[str, Any]) -> None:
        config_of(data)["data"] = {"config": text}

    report = evaluate(seen("rc20-invalid-config", OUT, edit))
    assert report.causes[0].id == "RC20"
    found = offer(report, "masquerade-minimal")
    config = agent_config(new_text(found), all_reserved=True)
    assert config.error == ""
    assert config.given
    assert found.complete
    if "team" in text:
        assert yaml.safe_load(new_text(found))["team"] == "net"


def test_a_list_over_the_limit_takes_a_wider_hole(seen: Seen) -> None:
    def edit(data: dict[str, Any]) -> None:
        config_of(data)["data"] = {"config": "nonMasqueradeCIDRs: [10.0.0.0/8, 172.16.0.0/16]\ncidrLimit: 6\n"}

    found = offer(evaluate(seen("rc22-config-still-holds-target", OUT, edit)), "masquerade-minimal")
    config = agent_config(new_text(found), all_reserved=True)
    assert config.error == ""
    assert len(config.ranges) <= 6
    assert found.complete
    assert "wider" in found.sentence


def met(found: Offer, words: str) -> bool | None:
    return next(each.met for each in found.preconditions if words in each.sentence)


def test_preconditions_are_read_from_the_world(seen: Seen) -> None:
    found = offer(evaluate(seen("article", OUT)), "masquerade-minimal")
    assert {each.met for each in found.preconditions} == {True}
    absent = offer(evaluate(seen("rc18-no-agent", OUT)), "masquerade-minimal")
    assert met(absent, "exists") is False
    assert absent.applicable is False
    fire = offer(evaluate(seen("rc31-no-routes-and-firewall", OUT)), "exchange-routes")
    assert met(fire, "firewall") is False
    assert met(fire, "quota") is None


def test_a_node_without_a_ready_agent_is_named(seen: Seen) -> None:
    def edit(data: dict[str, Any]) -> None:
        for pod in data["kubernetes"]["pods"]["items"]:
            if pod["metadata"]["name"].startswith("ip-masq-agent") and pod["spec"]["nodeName"] == "gke-node-02":
                for condition in pod["status"]["conditions"]:
                    if condition["type"] == "Ready":
                        condition["status"] = "False"

    found = offer(evaluate(seen("article", OUT, edit)), "masquerade-minimal")
    need = next(each for each in found.preconditions if "Ready" in each.sentence)
    assert need.met is False
    assert "gke-node-02" in need.sentence
    assert found.complete  # this pod's own node has its agent


def room(seen: Seen, scenario: str, remedy: str, edit: Callable[[dict[str, Any]], None] = lambda _data: None) -> str:
    """What a remedy by route exchange says of the quota; '' where it says nothing."""
    needs = offer(evaluate(seen(scenario, OUT, edit)), remedy).preconditions
    return next((each.sentence for each in needs if "STATIC_ROUTES_PER_PEERING_GROUP" in each.sentence), "")


def test_static_routes_are_counted_and_the_limit_is_said_to_be_elsewhere(seen: Seen) -> None:
    said = room(seen, "article", "exchange-routes")
    assert "the peering group of project-b/vpc-b may hold 3 static routes (1 now)" in said
    assert "of project-b; the Compute API does not show it" in said

    def one_more(data: dict[str, Any]) -> None:
        own = {"name": "office", "network": data["compute"]["project-b"]["networks"][0]["selfLink"], "priority": 1000}
        data["compute"]["project-b"]["routes"].append({**own, "destRange": "10.99.0.0/16", "nextHopIp": "10.2.0.9"})

    assert "may hold 4 static routes (2 now)" in room(seen, "article", "exchange-routes", one_more)


def test_static_routes_that_could_not_be_read_are_not_counted(
    seen: Seen, forbid: Callable[[str], Callable[[dict[str, Any]], None]]
) -> None:
    said = room(seen, "article", "exchange-routes", forbid("project-b"))
    assert "may hold 2 static routes more than it does" in said


def test_a_half_by_which_no_route_crosses_needs_no_room(seen: Seen) -> None:
    assert room(seen, "article", "export-routes") == ""
    assert room(seen, "article", "import-routes") == ""
    assert room(seen, "rc02-peer-does-not-import", "import-routes") != ""


def test_an_overlapping_subnet_refuses_the_exchange(seen: Seen) -> None:
    def overlap(data: dict[str, Any]) -> None:
        subnet = dict(data["compute"]["project-b"]["subnetworks"][0])
        subnet |= {"name": "overlapping", "ipCidrRange": "172.16.0.0/20", "id": "4711"}
        data["compute"]["project-b"]["subnetworks"].append(subnet)

    found = offer(evaluate(seen("article", OUT, overlap)), "exchange-routes")
    assert found.applicable is False
    assert found.complete is False
    assert "refuses" in found.sentence
    assert met(found, "no subnet") is False


def test_autopilot_is_sent_to_its_own_object(seen: Seen) -> None:
    def autopilot(data: dict[str, Any]) -> None:
        cluster = data["container"]["clusters"][0]
        cluster["autopilot"] = {"enabled": True}
        data["kubernetes"]["egressnatpolicies"] = {
            "kind": "List",
            "items": [
                {
                    "metadata": {"name": "default"},
                    "spec": {"action": "NoSNAT", "destinations": [{"cidr": "10.0.0.0/8"}]},
                }
            ],
        }

    report = evaluate(seen("rc30-peer-firewall-admits-nodes-only", OUT, autopilot))
    assert not [found for found in report.remedies if found.id.startswith("masquerade")]


def only_pods_admitted(data: dict[str, Any]) -> None:
    """B's firewall admits pods and not nodes (RC32), and the routes are exchanged."""
    for entry in data["compute"]["project-b"]["effectiveFirewalls"]:
        entry["firewalls"] = [rule for rule in entry.get("firewalls", []) if rule["name"] != "allow-from-a-nodes"]


def test_masquerading_a_peer_that_admits_pods_only_is_no_cure(seen: Seen) -> None:
    snapshot = seen("article", "ok ok timeout timeout", only_pods_admitted)
    case = Case(build(snapshot), snapshot.question, snapshot.probes)
    draft = masquerade_minimal.REMEDY.draft(case)
    assert draft is not None
    then = Case(draft.after, snapshot.question)
    assert then.predicted("pod-peer") == "timeout"
    assert [need.met for need in draft.preconditions if "firewall" in need.sentence] == [False]


def test_a_machine_that_would_stop_answering_is_named_first(seen: Seen) -> None:
    """Another VM of B admits pods alone: masquerading the whole range takes it away from them."""

    def edit(data: dict[str, Any]) -> None:
        project = data["compute"]["project-b"]
        twin = yaml.safe_load(yaml.safe_dump(project["instances"][0]))
        twin |= {"name": "picky", "id": "99", "selfLink": "", "tags": {"items": ["picky"]}}
        twin["networkInterfaces"][0]["networkIP"] = "10.2.0.77"
        project["instances"].append(twin)
        for entry in project["effectiveFirewalls"]:
            for rule in entry.get("firewalls", []):
                if rule["name"] == "allow-from-a-nodes":
                    rule["targetTags"] = ["only-others"]
        for network in project["networks"]:
            for peering in network.get("peerings", []):
                peering["importCustomRoutes"] = True
        for network in data["compute"]["project-a"]["networks"]:
            for peering in network.get("peerings", []):
                peering["exportCustomRoutes"] = True
        project["instances"][0]["status"] = "TERMINATED"

    snapshot = seen("article", "", edit)
    case = Case(build(snapshot), snapshot.question)
    draft = masquerade_minimal.REMEDY.draft(case)
    assert draft is not None
    found = impact(case, Case(draft.after, snapshot.question)).stopping
    assert found[0].startswith("STOPS WORKING")
    assert "picky" in found[0]


def test_the_smallest_sets_are_found_by_trying(seen: Seen) -> None:
    snapshot = seen("rc31-no-routes-and-firewall", OUT)
    case = Case(build(snapshot), snapshot.question, snapshot.probes)
    assert minimal(case, remedies.load()) == (
        ("masquerade-minimal",),
        ("masquerade-article",),
        ("exchange-routes", "peer-firewall"),
    )
    stopped = seen("rc66-target-stopped", "ok ok timeout timeout")
    case = Case(build(stopped), stopped.question, stopped.probes)
    assert minimal(case, remedies.load()) == ()


def test_no_remedy_changes_the_world_it_was_given(seen: Seen) -> None:
    snapshot = seen("article", OUT)
    world = build(snapshot)
    before = repr(world)
    for remedy in remedies.load():
        if remedy.draft(Case(world, snapshot.question)) is not None and remedy.role is Role.APPLY:
            assert remedy.after(world, snapshot.question) is not world
            assert remedy.changes(world, snapshot.question)
    assert repr(world) == before


@given(
    entries=st.lists(
        st.sampled_from(["10.0.0.0/8", "10.2.0.0/15", "10.2.0.0/24", "172.16.0.0/12", "100.64.0.0/10", "0.0.0.0/0"]),
        max_size=6,
        unique=True,
    ),
    target=st.sampled_from(["10.2.0.10", "10.2.255.254", "10.2.0.2"]),
)
def test_whatever_the_list_was_the_new_one_masquerades_the_target_and_keeps_pods(
    entries: list[str], target: str
) -> None:
    from rules.remedies.carve import carve

    now = [IPv4Network(entry) for entry in entries]
    cut = carve(now, IPv4Network("10.2.0.0/16"), [IPv4Network("172.16.0.0/16")], limit=64)
    text = yaml.safe_dump({"nonMasqueradeCIDRs": [str(entry) for entry in cut.ranges]})
    config = agent_config(text, all_reserved=False)
    assert config.error == ""
    assert not any(IPv4Address(target) in entry for entry in config.ranges)
    assert any(IPv4Address("172.16.1.2") in entry for entry in config.ranges)


def test_a_remedy_that_breaks_a_way_that_works_says_so_first_and_is_not_complete(seen: Seen) -> None:
    """The pods of a VPC-native cluster reach a machine of B that admits pods alone; its neighbour admits nodes."""

    def edit(data: dict[str, Any]) -> None:
        project = data["compute"]["project-b"]
        twin = yaml.safe_load(yaml.safe_dump(project["instances"][0]))
        twin |= {"name": "picky", "id": "99", "selfLink": "", "tags": {"items": ["picky"]}}
        twin["networkInterfaces"][0]["networkIP"] = "10.2.0.77"
        project["instances"].append(twin)
        project["instances"][0]["tags"] = {"items": ["open"]}
        for entry in project["effectiveFirewalls"]:
            for rule in entry.get("firewalls", []):
                if rule["name"] == "allow-from-a-nodes":
                    rule["targetTags"] = ["open"]
            entry["firewalls"].append(
                {
                    "name": "pods-to-picky",
                    "direction": "INGRESS",
                    "priority": 1000,
                    "sourceRanges": ["172.16.0.0/16"],
                    "targetTags": ["picky"],
                    "allowed": [{"IPProtocol": "tcp"}],
                }
            )

    report = evaluate(seen("rc30-peer-firewall-admits-nodes-only", OUT, edit))
    found = offer(report, "masquerade-minimal")
    assert found.predicted == "ok"
    assert not found.complete
    assert "picky" in found.stops[0]
    assert found.blast_radius[0] == found.stops[0]
    assert report.fix_sets
    assert all(one.stops for one in report.fix_sets if any(name.startswith("masq") for name in one.remedies))


CURES = [
    ("rc02-peer-does-not-import", "RC02", "import-routes"),
    ("rc03-own-side-does-not-export", "RC03", "export-routes"),
    ("rc16-config-under-another-key", "RC16", "mend-config"),
    ("rc17-config-in-another-namespace", "RC17", "mend-config"),
    ("rc18-no-agent", "RC18", "deploy-agent"),
    ("rc20-invalid-config", "RC20", "mend-config"),
    ("rc21-config-key-misspelt", "RC21", "mend-config"),
    ("rc22-config-still-holds-target", "RC22", "masquerade-minimal"),
    ("rc24-agent-gone-from-new-nodes", "RC24", "deploy-agent"),
    ("rc27-egress-nat-policy-keeps-pods", "RC27", "egress-nat-policy"),
    ("rc30-peer-firewall-admits-nodes-only", "RC30", "peer-firewall"),
    ("rc31-no-routes-and-firewall", "RC31", "masquerade-minimal"),
]


@pytest.mark.parametrize(("name", "cause", "remedy"), CURES)
def test_a_cause_names_the_remedy_for_it_first_and_only_those_that_are_offered(
    seen: Seen, name: str, cause: str, remedy: str
) -> None:
    report = evaluate(seen(name, OUT, nat=True))
    found = next(each for each in report.causes if each.id == cause)
    assert found.remedies[0] == remedy
    assert set(found.remedies) <= {each.id for each in report.remedies}


def test_the_sets_are_compared_by_owner_time_and_reach(seen: Seen) -> None:
    report = evaluate(seen("article", OUT))
    by_name = {one.remedies: one for one in report.fix_sets}
    assert by_name["masquerade-minimal",].owners == ("project-a",)
    assert by_name["exchange-routes",].owners == ("project-a", "project-b")
    assert "minute" in by_name["exchange-routes",].effect
    assert ("export-routes", "import-routes") not in by_name
    assert report.fix_sets[0].owners == ("project-a",)
    half = offer(report, "export-routes")
    assert half.predicted == "timeout"
    assert not half.complete
