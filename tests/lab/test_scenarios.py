"""The scenarios that ship, and every mistake that a person can make in one of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lab import control, scenario
from lab.scenario import FOLDER, ScenarioError, load, names
from lab.scenario.text import parse
from rules.snapshot import PodRef, Target, Vpc

CAUSES = ("rc02", "rc03", "rc16", "rc17", "rc18", "rc20", "rc22", "rc30", "rc31", "rc48", "rc57", "rc66")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a scenario file of one's own."""

    def one(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return one


@pytest.mark.parametrize("name", names())
def test_what_ships_is_sound(name: str) -> None:
    made = load(name)
    assert made.name == name
    assert made.title
    assert made.story.strip()
    assert (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").startswith("#"), "a scenario explains itself"


def test_every_cause_has_its_scenario() -> None:
    assert names()[0] == "article"
    assert {name.split("-")[0] for name in names()} >= {*CAUSES, "healthy"}
    assert {"healthy-routes-based", "healthy-vpc-native"} <= set(names())


def test_the_article_is_the_article() -> None:
    made = load("article")
    assert made.question.pod == PodRef("default", "my-pod")
    assert made.question.target == Target("10.2.0.10", 80, "tcp", "/health")
    assert made.question.local == Target("10.1.0.21", 80, "tcp", "/health")
    assert made.cluster.routes_based
    assert made.cluster.pod_range == IPv4Network("172.16.0.0/16")
    assert [(node.name, str(node.address), str(node.pod_range)) for node in made.nodes] == [
        ("gke-node-01", "10.1.0.11", "172.16.1.0/24"),
        ("gke-node-02", "10.1.0.12", "172.16.2.0/24"),
    ]
    assert made.agent.installed
    assert made.config is None
    sides = {network.vpc: network.peerings[0] for network in made.networks}
    assert sides[Vpc("project-a", "vpc-a")].name == "a-to-b"
    assert not any(side.export_custom or side.import_custom for side in sides.values())


def test_a_base_is_merged_and_null_removes(write: Callable[[str], Path]) -> None:
    path = write(
        "base: article\ntitle: Mine\nprojects:\n  project-b:\n    vms:\n      target-gce-01: {running: no}\n"
        "    networks:\n      vpc-b:\n        firewalls: {allow-internal: null}\n        peerings: null\n"
    )
    made = load(path)
    base = load("article")
    assert made.title == "Mine"
    assert made.nodes == base.nodes
    target = next(vm for vm in made.vms if vm.name == "target-gce-01")
    assert (target.running, target.address) == (False, IPv4Address("10.2.0.10"))
    network = made.network(Vpc("project-b", "vpc-b"))
    assert network is not None
    assert [rule.name for rule in network.firewalls] == ["allow-from-a-nodes", "allow-from-a-pods"]
    assert network.peerings == ()


def test_a_base_may_be_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "first.yaml").write_text("base: article\ntitle: First\n", encoding="utf-8")
    (tmp_path / "second.yaml").write_text("base: first.yaml\nstory: Second\n", encoding="utf-8")
    made = load(tmp_path / "second.yaml")
    assert (made.title, made.story) == ("First", "Second")


def test_pods_get_free_addresses(write: Callable[[str], Path]) -> None:
    made = load(write("base: article\npods:\n  other: {node: gke-node-01}\n  web/third: {node: gke-node-01}\n"))
    assert [str(pod.address) for pod in made.pods] == ["172.16.1.2", "172.16.1.3", "172.16.1.4"]


A = "base: article\nprojects:\n  project-a:\n    networks:\n      vpc-a:\n"
VM = "base: article\nprojects:\n  project-a:\n    vms:\n      test-gce-01:\n        "

MISTAKES = [
    # what is written, the line and key path that are named, what is expected
    ("title: [\n", "line 2", "not YAML"),
    ("title: a\ntitle: b\n", "line 2", "`title` is there twice"),
    ("", "mine.yaml", "the file is empty"),
    ("- a\n", "line 1", "keys with values"),
    ("title: &a x\n", "line 1", "anchors"),
    ("title: !!str x\n", "line 1", "tags"),
    ("? [a]\n: b\n", "line 1", "a key must be one word"),
    ("base: nowhere\n", "line 1, base", "no scenario called nowhere"),
    ("base: [article]\n", "line 1, base", "the name of a scenario"),
    ("base: missing.yaml\n", "line 1, base", "no such file"),
    ("base: mine.yaml\n", "line 1, base", "each other's base"),
    ("base: article\ntitel: x\n", "line 2, titel", "did you mean `title`?"),
    ("base: article\ntitle: [x]\n", "line 2, title", "a text"),
    ("base: article\nprojects: null\n", "projects", "missing"),
    ("base: article\nquestion: {target: 10.2.0.300}\n", "line 2, question > target", "http://10.2.0.10/health"),
    ("base: article\nquestion: {target: '10.2.0.10:0'}\n", "question > target", "10.2.0.10:80"),
    ("base: article\nquestion: {pod: nobody}\n", "line 2, question > pod", "no pod called default/nobody"),
    (A + "        mtu: big\n", "line 6", "a whole number from 1300 to 8896"),
    (A + "        dynamic routing: nowhere\n", "line 6", "one of regional, global"),
    (A + "        default route: maybe\n", "line 6", "yes or no"),
    (A + "        subnets:\n          Sub: {}\n", "subnets > Sub", "small letters"),
    (A + "        subnets:\n          subnet-a: {range: 10.1.0.1/16}\n", "subnets > subnet-a > range", "no bits set"),
    (A + "        subnets:\n          subnet-a: {range: 10.1.0.0}\n", "subnets > subnet-a > range", "10.1.0.0/16"),
    (A + "        subnets:\n          two: {region: r, range: 10.1.8.0/24}\n", "two > range", "overlaps"),
    (A + "        subnets:\n          two: {region: r, range: 10.2.8.0/24}\n", "range", "networks that are peered"),
    (
        A + "        subnets:\n          subnet-a: {secondary ranges: {p: 10.2.0.0/24}}\n",
        "subnet-b > range",
        "overlaps project-a/vpc-a subnet-a (10.2.0.0/24)",
    ),
    (A + "        routes:\n          r: {to: 10.9.0.0/16}\n", "routes > r > via", "missing"),
    (A + "        routes:\n          r: {to: 10.9.0.0/16, via: vm}\n", "routes > r > via", "`vm NAME`"),
    (A + "        routes:\n          r: {to: 10.9.0.0/16, via: vm ghost}\n", "routes > r > via", "called ghost"),
    (
        A + "        routes:\n          r: {to: 10.9.0.0/16, via: address 10.x}\n",
        "routes > r > via",
        "`address 10.1.0.9`",
    ),
    (A + "        peerings:\n          a-to-b: {with: vpc-b}\n", "peerings > a-to-b > with", "PROJECT/NETWORK"),
    (A + "        peerings:\n          a-to-b: {with: project-b/other}\n", "a-to-b > with", "no network called"),
    (A + "        peerings:\n          a-to-b: {with: project-a/vpc-a}\n", "a-to-b > with", "with itself"),
    (A + "        peerings:\n          again: {with: project-b/vpc-b}\n", "again > with", "already goes there"),
    (A + "        firewalls:\n          x: {from: [10.0.0.0/8]}\n", "firewalls > x", "either `allow:` or `deny:`"),
    (A + "        firewalls:\n          x: {allow: [tcp], deny: [udp]}\n", "firewalls > x", "either"),
    (A + "        firewalls:\n          x: {allow: []}\n", "firewalls > x > allow", "empty"),
    (A + "        firewalls:\n          x: {allow: tcp}\n", "firewalls > x > allow", "a list"),
    (A + "        firewalls:\n          x: {allow: [tcp:99999]}\n", "firewalls > x > allow", "a protocol"),
    (A + "        firewalls:\n          x: {allow: [all], to: [10.0.0.0/8]}\n", "firewalls > x > to", "direction"),
    (
        VM + "address: 10.3.0.1\n",
        "line 6, projects > project-a > vms > test-gce-01 > address",
        "10.1.0.2 to 10.1.255.253",
    ),
    (VM + "address: 10.1.0.1\n", "address", "10.1.0.2 to"),
    (VM + "address: 10.1.0.11\n", "nodes > gke-node-01 > address", "belongs to test-gce-01 already"),
    (VM + "zone: europe-west1-b\n", "test-gce-01 > zone", "asia-northeast1"),
    (VM + "subnet: other\n", "test-gce-01 > subnet", "no subnet in project-a/vpc-a called other; there is subnet-a"),
    (VM + "network: other\n", "test-gce-01 > network", "no network called project-a/other"),
    (VM + "serves: {http: x}\n", "serves > http", "a port number"),
    (VM + "serves: {80: icmp}\n", "serves > 80", "`5432: tcp`"),
    (VM + "serves: {80: {health: OK}}\n", "serves > 80", "begin with /"),
    (VM + "colour: red\n", "line 6, projects > project-a > vms > test-gce-01 > colour", "the keys here are"),
    ("base: article\ncluster: {project: other}\n", "cluster > project", "no project called other"),
    ("base: article\ncluster: {network: other}\n", "network", "no network called project-a/other"),
    ("base: article\ncluster: {subnet: other}\n", "subnet", "called other"),
    ("base: article\ncluster: {kind: odd}\n", "cluster > kind", "routes-based, vpc-native"),
    ("base: article\ncluster: {kind: vpc-native}\n", "cluster > pod range", "secondary range `pods: 172.16.0.0/16`"),
    ("base: article\ncluster: {pod range: 10.1.0.0/17}\n", "cluster > pod range", "overlaps subnet subnet-a"),
    ("base: article\ncluster: {service range: 172.16.9.0/24}\n", "cluster > service range", "overlaps the pod range"),
    ("base: article\nnodes: null\n", "nodes", "needs one"),
    ("base: article\npods: null\n", "question > pod", "no pod"),
    ("base: article\nnodes: {gke-node-01: {pod range: 10.9.0.0/24}}\n", "gke-node-01 > pod range", "not inside"),
    ("base: article\nnodes: {gke-node-01: {pod range: 172.16.2.0/25}}\n", "pod range", "overlaps the pod range of"),
    ("base: article\nnodes: {gke-node-01: {pod range: 172.16.1.0/30}}\n", "pod range", "too small"),
    ("base: article\nnodes: {test-gce-01: {address: 10.1.0.13, pod range: 172.16.3.0/24}}\n", "nodes", "has that name"),
    ("base: article\npods: {my-pod: {node: other}}\n", "pods > my-pod > node", "gke-node-01, gke-node-02"),
    ("base: article\npods: {my-pod: {address: 172.16.2.9}}\n", "pods > my-pod > address", "172.16.1.0/24"),
    ("base: article\npods: {b: {node: gke-node-01, address: 172.16.1.2}}\n", "pods > b > address", "belongs to"),
    ("base: article\npods: {default/my-pod: {node: gke-node-01}}\n", "pods > default/my-pod", "twice"),
    ("base: article\npods: {my-pod: {on the node's network: yes}}\n", "pods > my-pod > address", "remove this key"),
    ("base: article\npods: {my_pod: {node: gke-node-01}}\n", "pods > my_pod", "`my_pod` is not"),
    ("base: article\nnodes: {gke-node-01: {made: yesterday}}\n", "gke-node-01 > made", "2 minutes ago"),
    (VM + "bridges: {docker0: 172.17.0.1}\n", "test-gce-01 > bridges", "docker0: 172.17.0.0/16"),
    (VM + "first interface: {network: vpc-a, subnet: nowhere, address: 10.9.0.2}\n", "first interface", "no subnet"),
    (A + "        policy routes:\n          p: {from: 172.16.0.0/16}\n", "policy routes > p > via address", "missing"),
    ("base: article\nservices: {s: {address: 10.2.0.10}}\n", "services > s > address", "10.96.0.0/16"),
    ("base: article\npods: {my-pod: {default network: x}}\n", "my-pod > default network", "multi-network: yes"),
    ("base: article\nagent: {flags: [masq]}\n", "agent > flags", "begins with --"),
    ("base: article\nagent: {installed: no, not on nodes: [gke-node-01]}\n", "agent > not on nodes", "on no node"),
    ("base: article\nagent: {not on nodes: [gke-node-09]}\n", "agent > not on nodes", "no node called gke-node-09"),
    ("base: article\nmasquerade config: {key: config}\n", "masquerade config > text", "missing"),
    ("base: article\nmasquerade config: {text: x, namespace: Kube}\n", "namespace", "a Kubernetes name"),
    ("base: article\nmasquerade config: yes\n", "line 2, masquerade config", "keys with values"),
]


@pytest.mark.parametrize(("text", "where", "expected"), MISTAKES)
def test_mistakes_are_named(text: str, where: str, expected: str, write: Callable[[str], Path]) -> None:
    path = write(text)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    sentence = str(caught.value)
    assert where in sentence
    assert expected in sentence
    assert "\n" not in sentence
    assert sentence.rstrip()[-1] in ".?"


def test_the_line_is_that_of_the_file_it_is_in(write: Callable[[str], Path]) -> None:
    """What only the base says is blamed on the base's file and line."""
    with pytest.raises(ScenarioError, match=r"^article\.yaml, line \d+, projects > project-a > vms > test-gce-01"):
        load(write(A + "        subnets:\n          subnet-a: {range: 10.5.0.0/16}\n"))


@pytest.mark.parametrize("name", ["nothing", "article.yaml", "../article", ""])
def test_unknown_names(name: str) -> None:
    with pytest.raises(ScenarioError):
        load(name)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00title")
    with pytest.raises(ScenarioError, match="UTF-8"):
        load(binary)
    control = tmp_path / "control.yaml"
    control.write_text("title: \x07\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="not YAML"):
        load(control)
    large = tmp_path / "large.yaml"
    large.write_text("#" * (1024 * 1024 + 1), encoding="utf-8")
    with pytest.raises(ScenarioError, match="1 MiB"):
        load(large)
    deep = tmp_path / "deep.yaml"
    deep.write_text("[" * 5000, encoding="utf-8")
    with pytest.raises(ScenarioError):
        load(deep)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ScenarioError, match=r"folder\.yaml"):
        load(tmp_path / "folder.yaml")


@given(st.text(max_size=200))
def test_any_text_is_a_scenario_or_one_sentence(text: str) -> None:
    try:
        parse(text, "any.yaml")
    except ScenarioError as error:
        found = str(error)
    else:
        return
    assert found.startswith("any.yaml")


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=4), max_size=3)
)


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
    st.one_of(LEAVES, st.dictionaries(st.text(max_size=5), LEAVES, max_size=2)),
)
def test_any_value_anywhere_is_accepted_or_one_sentence(steps: list[int], value: object) -> None:
    """Put anything in place of any part of the article: no traceback, ever."""
    from lab.scenario.check import Checker
    from lab.scenario.read import scenario as build

    tree = yaml.safe_load((FOLDER / "article.yaml").read_text(encoding="utf-8"))
    here, key = tree, ""
    for step in steps:
        if not isinstance(here, dict) or not here:
            break
        parent, key = here, sorted(map(str, here))[step % len(here)]
        here = parent.get(key, parent.get(int(key) if key.isdigit() else key))
    parent[key] = value
    said = ""
    try:
        section = parse(yaml.safe_dump(tree, allow_unicode=True), "any.yaml")
        Checker(build("any", section), section).run()
    except ScenarioError as error:
        said = str(error)
    assert said == "" or said.startswith("any.yaml")


def test_the_guide_names_every_key() -> None:
    """Keys that the reader asks for are in lab/scenarios/README.md, and every key there is one that it asks for."""
    package = Path(scenario.__file__).parent
    code = "".join((package / name).read_text(encoding="utf-8") for name in ("read.py", "hosts.py"))
    asked = re.findall(r"fields\.(?:\w+)\(\s*\"([a-z][a-z' -]*)\"|top\.(?:\w+)\(\s*\"([a-z ]+)\"", code)
    keys = {first or second for first, second in asked}
    assert len(keys) > 50
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z][a-z' -]*)`", guide))
    assert keys - words == set()


def test_the_answer_is_not_inherited_and_what_is_written_there_is_checked(write: Callable[[str], Path]) -> None:
    assert load("article").answer == ("RC01",)
    assert load(write("base: article\ntitle: Mine\n")).answer == ()
    with pytest.raises(ScenarioError, match="a cause, such as RC30"):
        load(write("base: article\ntitle: Mine\nanswer: [firewall]\n"))


def test_a_scenario_says_what_can_carry_it(write: Callable[[str], Path]) -> None:
    assert load("article").fabrics == ("simulated", "kernel")
    path = write("base: article\ntitle: Mine\nfabrics: [simulated]\n")
    assert load(path).fabrics == ("simulated",)
    with pytest.raises(control.LabError, match=r"kernel fabric cannot carry .* --fabric simulated"):
        control.start(str(path), fabric="kernel")
    with pytest.raises(ScenarioError, match="one of simulated, kernel"):
        load(write("base: article\ntitle: Mine\nfabrics: [pigeon]\n"))
