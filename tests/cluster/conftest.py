"""A real Kubernetes with the lab's clouds around it, started once; each test brings it to the article's world.

Without root or WAYHOME_CLUSTER_UP the tests are skipped with the reason; in CI that is a failure. `--kubeconfig FILE`
takes a cluster of one's own instead: then the tests run that need no clouds and no wires of ours.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

Object = dict[str, Any]

UP = "WAYHOME_CLUSTER_UP"
WAIT_SECONDS, START_SECONDS, SECONDS = 900, 420, 90
SPEED = "30"
IMAGES = {kind: f"registry.local/{kind}:1" for kind in ("tools", "busybox", "distroless")}
PUBLIC = {"tools": "curlimages/curl:8.10.1", "busybox": "busybox:1.36"}
NODES = ("gke-node-01", "gke-node-02")
OURS = "test.wayhome/ours"
SYSTEM = "/api/v1/namespaces/kube-system"
CONFIG = f"{SYSTEM}/configmaps/ip-masq-agent"
DAEMONSET = "/apis/apps/v1/namespaces/kube-system/daemonsets/ip-masq-agent"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
HALVES = (("project-a", "vpc-a", "a-to-b"), ("project-b", "vpc-b", "b-to-a"))


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str
    seconds: float = 0.0

    @property
    def report(self) -> Object:
        """stdout as the Report that it is."""
        found: Object = json.loads(self.out)
        return found


@dataclass
class Api:
    """The Kubernetes API with the login of a kubeconfig."""

    kubeconfig: Path
    server: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    trust: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        config = yaml.safe_load(self.kubeconfig.read_text("utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server = cluster["server"]
        self.headers = {"Authorization": f"Bearer {user['token']}"}
        self.trust = ssl.create_default_context(cafile=cluster["certificate-authority"])

    def call(self, method: str, path: str, body: Object | None = None) -> Object:
        """One call; urllib's HTTPError where it is refused."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return call(self.server + path, method, body, {**self.headers, "Content-Type": kind}, self.trust)

    def find(self, path: str) -> Object | None:
        """The object, or None."""
        try:
            return self.call("GET", path)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return None

    def items(self, path: str) -> list[Object]:
        """The objects of a list."""
        found: list[Object] = self.call("GET", path).get("items") or []
        return found

    def remove(self, path: str) -> None:
        """Delete at once and wait until it is gone; what is absent is well."""
        try:
            self.call("DELETE", path, {"gracePeriodSeconds": 0, "propagationPolicy": "Foreground"})
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        until(lambda: self.find(path) is None, f"{path} is not gone")


def call(
    url: str, method: str, body: Object | None, headers: dict[str, str], trust: ssl.SSLContext | None = None
) -> Object:
    """One HTTP call; urllib's HTTPError where it is refused."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  an address of our own
    with urllib.request.urlopen(request, context=trust, timeout=SECONDS) as answer:  # noqa: S310
        found: Object = json.load(answer)
        return found


@pytest.fixture(scope="session", name="until")
def until_fixture() -> Callable[..., None]:
    """Poll until something holds, within a bound."""
    return until


def until(holds: Callable[[], bool], complaint: str, seconds: float = SECONDS) -> None:
    """Poll until `holds`, within a bound."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            pytest.fail(f"{complaint} after {seconds} s")
        time.sleep(0.1)


def pod(name: str, kind: str, images: dict[str, str], node: str = "", **spec: Any) -> Object:
    """A pod with one container that waits; `kind` is a key of `images`."""
    container: Object = {"name": name, "image": images[kind], "imagePullPolicy": "IfNotPresent"}
    if kind != "distroless":
        container["command"] = ["sleep", "100000"]
    on = {"nodeName": node} if node else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name, OURS: "yes"}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **on, **spec},
    }


@pytest.fixture(scope="session")
def manifest() -> Callable[..., Object]:
    """Makes a pod's manifest of a name, a kind and the images."""
    return pod


def two(images: dict[str, str], node: str) -> Object:
    """A pod of two containers, of which only the second has tools."""
    made = pod("two", "distroless", images, node)
    made["spec"]["containers"] += pod("beside", "tools", images)["spec"]["containers"]
    return made


@dataclass
class Cluster:
    """The cluster, its clouds' addresses, and its people. `own` is false where somebody else's cluster is used."""

    environment: dict[str, str]
    images: dict[str, str]
    viewer: Path | None = None
    agent: Object = field(default_factory=dict)
    space: str = "default"

    @property
    def api(self) -> Api:
        """The API as the admin."""
        return Api(Path(self.environment["KUBECONFIG"]))

    @property
    def pods(self) -> str:
        """The path of the tests' pods."""
        return f"/api/v1/namespaces/{self.space}/pods"

    def kubectl(self, *args: str, text: str = "") -> Done:
        """Run kubectl as the admin."""
        done = subprocess.run(
            ["kubectl", *args], env={**os.environ, **self.environment}, input=text, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def run_pods(self, *pods: Object) -> None:
        """Create the pods that are not there and wait until all of them run."""
        wanted = {item["metadata"]["name"] for item in pods}
        there = {item["metadata"]["name"] for item in self.api.items(self.pods)}
        for item in pods:
            if item["metadata"]["name"] not in there:
                self.api.call("POST", self.pods, item)

        def running() -> bool:
            found = self.api.items(self.pods)
            return wanted <= {item["metadata"]["name"] for item in found if runs(item)}

        until(running, f"{', '.join(sorted(wanted))} do not all run")

    def start_pod(self, name: str, image: str) -> None:
        """Create a pod that never runs, as `image` cannot be had, and wait until the kubelet has said so."""
        self.api.call("POST", self.pods, pod(name, "tools", {"tools": image}, NODES[0]))

        def waits() -> bool:
            statuses = status(self.api.find(f"{self.pods}/{name}")).get("containerStatuses") or []
            return any("Image" in one.get("state", {}).get("waiting", {}).get("reason", "") for one in statuses)

        until(waits, f"{name} is not waiting for its image")

    def compute(self, path: str, method: str = "GET", body: Object | None = None) -> Object:
        """One call of the Compute API."""
        url = f"{self.environment['WAYHOME_COMPUTE_ENDPOINT']}/compute/v1/{path}"
        return call(url, method, body, {"Content-Type": "application/json"})

    def peerings(self) -> list[Object]:
        """Both halves of the peering, as the API gives them."""
        return [self.compute(f"projects/{project}/global/networks/{net}")["peerings"][0] for project, net, _ in HALVES]

    def set_flags(self, *, exchange: bool) -> None:
        """Set the custom route flags of both halves and wait until they are so."""
        for half in range(len(HALVES)):  # one at a time, as Google's API insists
            self.set_half(half, exportCustomRoutes=exchange, importCustomRoutes=exchange)

    def set_half(self, half: int, **flags: bool) -> None:
        """Set flags of one half of the peering and wait until they are so."""
        project, net, name = HALVES[half]
        if not flagged(self.peerings()[half], flags):
            path = f"projects/{project}/global/networks/{net}/updatePeering"
            started = self.compute(path, "PATCH", {"networkPeering": {"name": name, **flags}})
            done = f"projects/{project}/global/operations/{started['name']}"
            until(lambda: self.compute(done)["status"] == "DONE", f"{name} keeps its flags")

    def nat(self, node: str) -> str:
        """The nat table of `node` as its agent's pod sees it; '' where there is none."""
        for item in self.api.items(f"{SYSTEM}/pods?labelSelector=k8s-app%3Dip-masq-agent"):
            if runs(item) and item["spec"].get("nodeName") == node:
                name = item["metadata"]["name"]
                return self.kubectl("exec", "-n", "kube-system", name, "--", "iptables-save", "-t", "nat").out
        return ""

    def boot(self, node: str, table: str) -> None:
        """Give `node` the nat table that it has booted with."""
        name = f"boot-{node}"
        security = {"capabilities": {"add": ["NET_ADMIN"]}}
        made = pod(name, "tools", self.images, node, hostNetwork=True)
        made["spec"]["containers"][0]["securityContext"] = security
        self.run_pods(made)
        done = self.kubectl("exec", "-i", name, "--", "iptables-restore", text=table)
        assert done.code == 0, done.err
        self.api.remove(f"{self.pods}/{name}")

    def configure(self, key: str, text: str) -> None:
        """Make the agent's ConfigMap with one key."""
        meta = {"name": "ip-masq-agent", "namespace": "kube-system"}
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {key: text}}
        self.api.call("POST", f"{SYSTEM}/configmaps", made)

    def become_the_article(self) -> None:
        """Whatever the last test left: no configuration, agents with their defaults, no exchange, no policies."""
        self.set_flags(exchange=False)
        for path in (
            f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings", f"{RBAC}/namespaces/default/roles",
            f"{RBAC}/namespaces/default/rolebindings", f"{RBAC}/namespaces/kube-system/roles",
            f"{RBAC}/namespaces/kube-system/rolebindings",
            "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
        ):  # fmt: skip
            for item in self.api.items(f"{path}?labelSelector={OURS.replace('/', '%2F')}"):
                self.api.remove(f"{path}/{item['metadata']['name']}")
        for item in self.api.items(f"{self.pods}?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dwayhome"):
            self.api.remove(f"{self.pods}/{item['metadata']['name']}")
        self.api.remove(CONFIG)
        if self.api.find(DAEMONSET) is None:
            self.api.call("POST", DAEMONSET.rpartition("/")[0], self.agent)
        until(lambda: all(" -d 10.0.0.0/8 -m comment --comment \"ip-masq-agent" in self.nat(node) for node in NODES),
              "the agents do not work by their defaults")  # fmt: skip
        images = self.images
        self.run_pods(
            pod("my-pod", "tools", images, NODES[0]),
            pod("busybox", "busybox", images, NODES[0]),
            pod("distroless", "distroless", images, NODES[1]),
            pod("far", "tools", images, NODES[1]),
            two(images, NODES[1]),
            pod("on-host", "tools", images, NODES[1], hostNetwork=True),
        )


def status(item: Object | None) -> Object:
    """The status of an object that may be gone, or so new that nobody has written one."""
    return (item or {}).get("status") or {}


def runs(item: Object) -> bool:
    """Whether a pod runs and is to stay."""
    return status(item).get("phase") == "Running" and not item["metadata"].get("deletionTimestamp")


def flagged(peering: Object, flags: Object) -> bool:
    """Whether a peering has these flags; one that is absent is false."""
    return all(peering.get(key, False) == value for key, value in flags.items())


def missing() -> str:
    """What keeps a cluster from being started here; '' when nothing does."""
    if not os.environ.get(UP):
        return f"{UP} names no script that starts a cluster (or give --kubeconfig FILE)"
    if not os.access(os.environ[UP], os.X_OK):
        return f"{UP}={os.environ[UP]} is not a program that can be run"
    if os.geteuid() != 0:
        return "only root can give network namespaces names and start kubelets in them"
    absent = [tool for tool in ("kubectl", "unshare", "ip", "iptables-restore") if shutil.which(tool) is None]
    return f"not here: {', '.join(absent)}" if absent else ""


def described(line: str) -> Cluster:
    """The cluster that a line of `python -m lab.cluster` describes."""
    found = json.loads(line)
    return Cluster(found["environment"], IMAGES, Path(found["viewer"]), found["agent"])


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The lab's own cluster, for tests that need its clouds and wires."""
    if request.config.getoption("kubeconfig"):
        pytest.skip("needs the lab's own clouds and wires, which --kubeconfig does not lead to")
    if running := request.config.getoption("cluster"):
        yield described(Path(running).read_text("utf-8"))
        return
    if why := missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.cluster", "--speed", SPEED, "--wait", str(WAIT_SECONDS), "--leash", str(ours)],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[ours],
        start_new_session=True,
    )
    os.close(ours)
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], WAIT_SECONDS + START_SECONDS)
        line = process.stdout.readline() if ready else ""
        assert line, "the cluster does not start; its words are on stderr"
        yield described(line)
    finally:
        os.close(theirs)
        process.wait(SECONDS)
        process.stdout.close()


@pytest.fixture
def article(cluster: Cluster) -> Cluster:
    """The article's world on the lab's own cluster."""
    cluster.become_the_article()
    return cluster


@pytest.fixture(scope="session")
def any_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The cluster of --kubeconfig with a namespace of the tests' own, else the lab's."""
    given = request.config.getoption("kubeconfig")
    if not given:
        yield request.getfixturevalue("cluster")
        return
    images = PUBLIC | dict(item.split("=", 1) for item in request.config.getoption("image"))
    space = f"wayhome-test-{os.getpid()}"
    found = Cluster({"KUBECONFIG": str(Path(given).absolute())}, images, space=space)
    made = found.kubectl("create", "namespace", space)
    if made.code != 0:
        pytest.fail(f"--kubeconfig {given} leads to no cluster in which a namespace may be made: {made.err.strip()}")
    try:
        yield found
    finally:
        found.kubectl("delete", "namespace", space, "--wait=false")


Wayhome = Callable[..., Done]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What wayhome finds around it, but for the cluster: a home and a state folder of the test's own."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "WAYHOME_STATE_DIR": str(tmp_path / "state")}


@pytest.fixture
def wayhome(environment: dict[str, str], any_cluster: Cluster) -> Wayhome:
    """Run `wayhome ARGS…` against the cluster; `kubeconfig` is another login."""

    def run(*args: str, kubeconfig: Path | None = None) -> Done:
        began = time.monotonic()
        login = {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
        done = subprocess.run(
            [sys.executable, "-m", "tui", *args],
            env={**environment, **any_cluster.environment, **login},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how long the diagnoses took, beside their slowest probes."""
    told = [
        text for one in terminalreporter.getreports("passed") for name, text in one.user_properties if name == "took"
    ]
    for text in dict.fromkeys(told):
        terminalreporter.write_line(text)
