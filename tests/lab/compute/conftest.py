"""A lab's Compute and GKE servers in a thread, a client that holds every answer against Google's discovery document."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from lab import build, scenario
from lab.compute import objects as make
from lab.compute.objects import key
from lab.compute.server import METHODS, ComputeServer
from lab.container import ContainerServer
from lab.store import Store

SPEED = 200.0


def _load_discovery() -> Any:
    name = "lab_discovery"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.parent / "discovery.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def discovery() -> Any:
    """`tests/lab/discovery.py`: `document("compute.v1").problems(schema, value)`."""
    return _load_discovery()


class Cloud:
    """The lab's Google servers, on an event loop in a thread of their own."""

    def __init__(self, store: Store, speed: float = SPEED) -> None:
        self.store = store
        self.speed = speed
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.session = requests.Session()

    def __enter__(self) -> Cloud:
        self.thread.start()
        self.run(self._start)
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.run(self._stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _start(self) -> None:
        self.server = ComputeServer(self.store, speed=self.speed)
        self.runners = []
        self.ports = []
        for app in (self.server.app(), ContainerServer(self.store).app()):
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.runners.append(runner)
            self.ports.append(runner.addresses[0][1])

    async def _stop(self) -> None:
        for runner in self.runners:
            await runner.cleanup()

    def run(self, call: Callable[[], Any]) -> Any:
        """Run a function or coroutine function on the lab's loop."""

        async def wrapped() -> Any:
            found = call()
            return await found if asyncio.iscoroutine(found) else found

        return asyncio.run_coroutine_threadsafe(wrapped(), self.loop).result(30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def container_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    def raw(self, verb: str, path: str, body: Any = None, **query: str) -> requests.Response:
        """Any request below /compute/v1/."""
        data = json.dumps(body) if body is not None else None
        return self.session.request(verb, f"{self.url}/compute/v1/{path}", params=query, data=data, timeout=30)

    def call(self, method: str, body: Any = None, *, path: dict[str, str], **query: str) -> Any:
        """Call a method by id, expect success, hold the answer against the discovery document."""
        found = next(item for item in METHODS if item.id == method)
        answer = self.raw(found.verb, found.template.format(**path), body, **query)
        assert answer.status_code == 200, answer.text
        value = answer.json()
        document = _load_discovery().document("compute.v1")
        assert document.response_problems(f"compute.{method}", value) == []
        return value

    def done(self, operation: Any) -> Any:
        """Wait for a global operation and give its last state."""
        project = operation["selfLink"].split("/projects/")[1].split("/")[0]
        path = {"project": project, "operation": operation["name"]}
        found = self.call("globalOperations.wait", path=path)
        assert found["status"] == "DONE"
        return found

    def put(self, project: str, collection: str, item: Any) -> None:
        """Put an object into the store, on the loop."""
        self.run(lambda: self.store.table(f"compute/{project}/{collection}").put(key(item), item) and None)


def world(name: str = "article") -> Store:
    """A store with the world of a scenario."""
    store = Store()
    build.populate(store, scenario.load(name))
    return store


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """The servers on the world of `article`."""
    with Cloud(world()) as found:
        yield found


@pytest.fixture
def cloud_of() -> Iterator[Callable[..., Cloud]]:
    """Makes servers: on a scenario's name, or on a Store."""
    running: list[Cloud] = []

    def start(what: str | Store, speed: float = SPEED) -> Cloud:
        found = Cloud(world(what) if isinstance(what, str) else what, speed)
        running.append(found)
        return found.__enter__()

    yield start
    for found in running:
        found.__exit__()


@pytest.fixture
def rich() -> Store:
    """`article`, with everything else that the API can show: policies, routers with BGP, load balancers, PSC."""
    store = world()

    def put(collection: str, item: Any) -> None:
        store.table(f"compute/project-b/{collection}").create(key(item), item)

    web_rule = make.policy_rule(
        1000, "allow", srcIpRanges=["172.16.0.0/16"], protocols=[{"ipProtocol": "tcp", "ports": ["80"]}]
    )
    far = make.policy_rule(
        900, "deny", srcFqdns=["example.com"], target_accounts=["web@project-b.iam.gserviceaccount.com"]
    )
    put("firewallPolicies", make.firewall_policy("project-b", "net-policy", [web_rule, far], networks=["vpc-b"]))
    put(
        "firewallPolicies",
        make.firewall_policy("project-b", "tokyo", [web_rule], networks=["vpc-b"], region="asia-northeast1"),
    )
    put(
        "hierarchicalFirewallPolicies",
        make.firewall_policy("project-b", "org-baseline", [web_rule], organization="organizations/123456789012"),
    )
    region = "asia-northeast1"
    peer = {"name": "onprem", "peerAsn": 65001, "peerIpAddress": "169.254.0.2", "interfaceName": "if0"}
    put(
        "routers",
        make.router(
            "project-b",
            region,
            "r1",
            "vpc-b",
            advertise_mode="CUSTOM",
            advertised_groups=["ALL_SUBNETS"],
            advertised_ranges=["172.16.0.0/16"],
            interfaces=[{"name": "if0", "ipRange": "169.254.0.1/30"}],
            peers=[peer],
        ),
    )
    best = [make.learned_route("project-b", "vpc-b", "192.168.0.0/16", "169.254.0.2")]
    state = {
        "name": "onprem",
        "status": "UP",
        "state": "Established",
        "ipAddress": "169.254.0.1",
        "numLearnedRoutes": 1,
    }
    status = make.router_status("project-b", "vpc-b", best=best, peers=[state])
    store.table("compute/project-b/routerStatus").create(f"{region}/r1", status)
    put(
        "forwardingRules",
        make.forwarding_rule(
            "project-b", region, "ilb", "10.2.0.50", network="vpc-b", subnetwork="subnet-b", ports=["80"], backend="web"
        ),
    )
    attachment = "projects/producer/regions/asia-northeast1/serviceAttachments/sql"
    put(
        "forwardingRules",
        make.forwarding_rule("project-b", region, "psc", "10.2.0.51", network="vpc-b", target=attachment, psc=True),
    )
    put("globalForwardingRules", make.forwarding_rule("project-b", None, "google-apis", "10.255.0.1", network="vpc-b"))
    vpn = make.route("project-b", "vpn", "vpc-b", "192.168.9.0/24", vpn_tunnel="regions/asia-northeast1/vpnTunnels/t1")
    put("routes", vpn)
    put("routes", make.route("project-b", "via-ilb", "vpc-b", "192.168.10.0/24", ilb="10.2.0.50", tags=["web"]))
    put(
        "routes", make.route("project-b", "lost", "vpc-b", "192.168.11.0/24", instance="gone", zone="asia-northeast1-a")
    )
    put("networks", make.network("project-b", "old", legacy_range="10.240.0.0/16"))
    return store


@pytest.fixture(scope="session")
def gcloud_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private folder for gcloud's settings: what it finds out about this machine it finds out once."""
    return tmp_path_factory.mktemp("gcloud")


@pytest.fixture
def gcloud(gcloud_config: Path) -> Callable[..., Any]:
    """Runs the real gcloud against a Cloud: gcloud(cloud, "compute", …) gives the finished process.

    Whatever it would ask of the world outside ends at a closed port.
    """
    import subprocess

    found = shutil.which("gcloud")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("gcloud is not on PATH, and CI must have it")
        pytest.skip("gcloud is not on PATH")

    def run(cloud: Cloud, *words: str, project: str = "project-a") -> subprocess.CompletedProcess[str]:
        env = {
            **os.environ,
            "CLOUDSDK_CONFIG": str(gcloud_config),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{cloud.url}/compute/v1/",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": f"{cloud.container_url}/",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_PROJECT": project,
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
            "GCE_METADATA_ROOT": "127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        return subprocess.run([found, *words], env=env, capture_output=True, text=True, timeout=120, check=False)

    return run
