"""The Compute and GKE APIs: what comes back is what the server sent, and every failure has its word."""

from __future__ import annotations

import asyncio
import json
import random
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
from aiohttp import web

from lab.faults import consumer
from probes import cloud, container, warmup
from probes.compute import Compute, as_json
from probes.errors import CallError

DISCOVERY = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "compute.v1.json"
A = {"project": "project-a"}


@pytest.fixture
def compute(cluster) -> Compute:
    return Compute(cloud.Login())


def raw(path: str) -> Any:
    """The server's own JSON."""
    url = f"{cloud.endpoint(cloud.COMPUTE)}/compute/v1/projects/project-a/{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as answer:
        return json.loads(answer.read())


def test_objects_are_as_the_server_sent_them(compute: Compute) -> None:
    assert compute.get("networks", {**A, "network": "vpc-a"}) == raw("global/networks/vpc-a")
    assert compute.items("routes", A) == raw("global/routes")["items"]
    instance = {**A, "zone": "asia-northeast1-a", "instance": "gke-node-01"}
    assert compute.get("instances", instance) == raw("zones/asia-northeast1-a/instances/gke-node-01")
    scopes = raw("aggregated/subnetworks")["items"].values()
    assert compute.aggregated("subnetworks", "project-a") == [
        item for scope in scopes for item in scope.get("subnetworks", [])
    ]
    firewalls = compute.ask("networks", "get_effective_firewalls", {**A, "network": "vpc-a"})
    assert firewalls == raw("global/networks/vpc-a/getEffectiveFirewalls")


def test_lists_are_read_page_by_page(compute: Compute) -> None:
    assert compute.items("routes", {**A, "max_results": 1}) == compute.items("routes", A)
    assert len(compute.pages("routes", "list", {**A, "max_results": 1})) == len(compute.items("routes", A))


READ = (
    "Network",
    "Route",
    "Subnetwork",
    "Instance",
    "ForwardingRule",
    "Router",
    "Operation",
    "ExchangedPeeringRoutesList",
    "NetworksGetEffectiveFirewallsResponse",
    "InstancesGetEffectiveFirewallsResponse",
    "RouterStatusResponse",
)


@pytest.mark.parametrize("name", READ)
def test_the_conversion_invents_nothing_and_changes_nothing(warm: None, name: str) -> None:
    """Every field of Google's discovery document, with values that are easily lost: false, 0, '', 64-bit numbers."""
    from google.protobuf import json_format  # the client's own parser, on the test's side

    schemas = json.loads(DISCOVERY.read_text("utf-8"))["schemas"]
    for seed in range(5):
        sent = _made({"$ref": name}, schemas, random.Random(seed))  # noqa: S311 - values, not secrets
        message = getattr(warmup.google().compute, name)()
        json_format.Parse(json.dumps(sent), type(message).pb(message), ignore_unknown_fields=True)
        got = as_json(message)
        assert _kept(got, sent), f"{name}: something is not as it was sent"
        for field in _NEEDED.get(name, ()):
            assert got[field] == sent[field]


_NEEDED = {
    "Network": ("name", "peerings", "mtu", "routingConfig", "networkFirewallPolicyEnforcementOrder", "subnetworks"),
    "Route": ("destRange", "priority", "tags", "nextHopInstance", "routeType", "routeStatus", "warnings"),
    "ExchangedPeeringRoutesList": ("items",),
    "NetworksGetEffectiveFirewallsResponse": ("firewalls", "firewallPolicys"),
    "InstancesGetEffectiveFirewallsResponse": ("firewalls", "firewallPolicys"),
    "Subnetwork": ("ipCidrRange", "secondaryIpRanges"),
    "Operation": ("name", "status", "error"),
}


def _made(schema: Any, schemas: Any, rng: random.Random, depth: int = 0) -> Any:
    if "$ref" in schema:
        return None if depth > 9 else _made(schemas[schema["$ref"]], schemas, rng, depth + 1)
    kind = schema.get("type")
    if kind == "object":
        if "additionalProperties" in schema:
            value = _made(schema["additionalProperties"], schemas, rng, depth + 1)
            return None if value is None else {"key": value}
        made = {key: _made(value, schemas, rng, depth + 1) for key, value in schema.get("properties", {}).items()}
        return {key: value for key, value in made.items() if value is not None}
    if kind == "array":
        value = _made(schema["items"], schemas, rng, depth + 1)
        return None if value is None else [value]
    if kind == "string" and "enum" in schema:
        return rng.choice([word for word in schema["enum"] if not word.startswith("UNDEFINED")])
    if kind == "string":
        by_format = {"int64": str(rng.choice([0, 2**62])), "uint64": str(2**63), "byte": "aGk="}
        return by_format.get(schema.get("format", ""), rng.choice(["", "x[/y]", "ü"]))
    return {"integer": rng.choice([0, 7]), "number": 1.5, "boolean": rng.choice([True, False])}.get(kind)


def _kept(got: Any, sent: Any) -> bool:
    """Whether everything in `got` was sent just so; fields newer than the client library may be missing."""
    if isinstance(got, dict):
        return isinstance(sent, dict) and all(key in sent and _kept(value, sent[key]) for key, value in got.items())
    if isinstance(got, list):
        return isinstance(sent, list) and len(got) == len(sent) and all(map(_kept, got, sent))
    return bool(got == sent and type(got) is type(sent))


# --- failures


def answer(status: int, body: Any = None, text: str | None = None, **headers: str) -> Callable[[web.Request], Any]:
    async def handler(_: web.Request) -> web.Response:
        words = text if text is not None else json.dumps(body)
        return web.Response(status=status, text=words, headers=headers, content_type="application/json")

    return handler


def error(code: int, message: str) -> Any:
    return {"error": {"code": code, "message": message, "errors": [{"message": message, "reason": "x"}]}}


async def reset(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


NEEDS = "Required 'compute.networks.listPeeringRoutes' permission for 'projects/project-b/global/networks/vpc-b'"
FAULTS = {
    "401": (answer(401, error(401, "Invalid Credentials")), "login", "", ""),
    "403": (answer(403, error(403, NEEDS)), "forbidden", "compute.networks.listPeeringRoutes", "Required"),
    "404": (answer(404, error(404, "The resource was not found")), "not-found", "", "was not found"),
    "409": (answer(409, error(409, "busy")), "error", "", "busy"),
    "429": (answer(429, error(429, "slow down")), "error", "", "slow down"),
    "500": (answer(500, error(500, "oops")), "error", "", "oops"),
    "503": (answer(503, error(503, "later")), "error", "", "later"),
    "html": (answer(200, text="<html>"), "error", "", ""),
    "cut off": (answer(200, text='{"name": "vp'), "error", "", ""),
    "another type": (answer(200, {"name": {"a": 1}, "items": 3}), "error", "", ""),
    "reset": (reset, "unreachable", "", ""),
    "hang": (hang, "timeout", "", ""),
}


@pytest.fixture
def faulty(warm: None, loop, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Compute and GKE APIs that answer everything with `faulty['handler']`."""
    held: dict[str, Any] = {}
    app = web.Application()

    async def handle(request: web.Request) -> web.StreamResponse:
        found: web.StreamResponse = await held["handler"](request)
        return found

    app.router.add_route("*", "/{path:.*}", handle)
    url = loop.serve(app)
    monkeypatch.setenv(cloud.COMPUTE, url)
    monkeypatch.setenv(cloud.CONTAINER, url)
    return held


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_word_and_in_time(name: str, faulty: dict[str, Any]) -> None:
    faulty["handler"], why, permission, words = FAULTS[name]
    compute, started = Compute(cloud.Login()), time.monotonic()
    with pytest.raises(CallError) as caught:
        compute.get("networks", {**A, "network": "vpc-a"}, 1.0)
    assert (caught.value.why, caught.value.permission) == (why, permission)
    assert words in caught.value.detail
    with pytest.raises(CallError) as caught:
        compute.items("routes", A, seconds=1.0)
    assert caught.value.why == why
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in ("another type", "429", "503")])
def test_the_gke_api_fails_in_the_same_words(name: str, faulty: dict[str, Any]) -> None:
    faulty["handler"], why, _permission, words = FAULTS[name]
    with pytest.raises(CallError) as caught:
        container.cluster(cloud.Login(), "project-a", "asia-northeast1-a", "cluster-1", 1.0)
    assert caught.value.why == why
    assert words in caught.value.detail


def test_a_redirect_is_not_followed(faulty: dict[str, Any]) -> None:
    faulty["handler"] = answer(302, {}, Location="http://127.0.0.1:1/")
    with pytest.raises(CallError):
        container.cluster(cloud.Login(), "project-a", "asia-northeast1-a", "cluster-1", 1.0)


def test_an_empty_object_is_an_object(faulty: dict[str, Any]) -> None:
    faulty["handler"] = answer(200, {})
    assert Compute(cloud.Login()).get("networks", {**A, "network": "vpc-a"}) == {}
    assert Compute(cloud.Login()).items("routes", A) == []


def test_pages_without_end_are_an_error(faulty: dict[str, Any]) -> None:
    faulty["handler"] = answer(200, {"items": [], "nextPageToken": "more"})
    with pytest.raises(CallError, match="the same next page"):
        Compute(cloud.Login()).items("routes", A)


def test_a_busy_server_is_asked_once_more(faulty: dict[str, Any]) -> None:
    answers = [answer(503, error(503, "later")), answer(200, {"name": "vpc-a"})]

    async def handler(request: web.Request) -> web.Response:
        return await answers.pop(0)(request)

    faulty["handler"] = handler
    assert Compute(cloud.Login()).get("networks", {**A, "network": "vpc-a"}) == {"name": "vpc-a"}


# --- logins


def test_no_login(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def default(**_: object) -> object:
        raise warmup.google().auth_errors.DefaultCredentialsError("Your default credentials were not found.")

    monkeypatch.delenv(cloud.COMPUTE, raising=False)
    monkeypatch.setattr(warmup.google().auth, "default", default)
    with pytest.raises(CallError) as caught:
        cloud.Login().credentials(cloud.COMPUTE)
    assert caught.value.why == "login"
    assert "There is no Google login" in cloud.refusal(caught.value).sentence


def test_an_expired_login(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    google = warmup.google()

    class Expired:
        def refresh(self, _request: object) -> None:
            raise google.auth_errors.RefreshError("Reauthentication is needed. Please run `gcloud auth …` to reauth.")

    monkeypatch.delenv(cloud.COMPUTE, raising=False)
    monkeypatch.setattr(google.auth, "default", lambda **_: (Expired(), None))
    with pytest.raises(CallError) as caught:
        cloud.Login().credentials(cloud.COMPUTE)
    told = cloud.refusal(caught.value)
    assert (caught.value.why, told.exit_code) == ("login", 3)
    assert "expired" in told.sentence
    assert "gcloud auth application-default login" in told.sentence


def test_google_is_not_reached(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    google = warmup.google()

    class Unreachable:
        def refresh(self, _request: object) -> None:
            raise google.auth_errors.TransportError(google.requests.exceptions.ConnectTimeout("timed out"))

    monkeypatch.delenv(cloud.COMPUTE, raising=False)
    monkeypatch.setattr(google.auth, "default", lambda **_: (Unreachable(), None))
    with pytest.raises(CallError) as caught:
        cloud.Login().credentials(cloud.COMPUTE)
    assert caught.value.why == "timeout"


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("File /gone.json was not found.", "was not found"),
        ("The file /gone.json does not have a valid type.", "a valid type"),
    ],
)
def test_a_file_that_the_environment_names(said: str, cause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new login would not help: the variable goes before it."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/gone.json")
    told = cloud.refusal(CallError("login", said, status=401))
    assert told.exit_code == 3
    assert cause in told.sentence
    assert "unset GOOGLE_APPLICATION_CREDENTIALS" in told.sentence


@pytest.mark.parametrize("name", consumer.NAMES)
def test_a_call_that_is_charged_to_nobody(faulty: dict[str, Any], name: str) -> None:
    body = consumer.body(name, "compute.networks.get")
    faulty["handler"] = answer(403, body)
    with pytest.raises(CallError) as caught:
        Compute(cloud.Login()).get("networks", {**A, "network": "vpc-a"})
    gap = caught.value.gap("compute.networks.get", "project-a/vpc-a", "compute.networks.get")
    assert (gap.why, "compute" in gap.permission) == ("forbidden", False)
    told = cloud.refusal(caught.value)
    assert told.exit_code == 3
    assert "Nothing can be read from Google" in told.sentence
    assert "`gcloud " in told.sentence
    body["error"]["message"] = "words of a later year"
    faulty["handler"] = answer(403, body)
    with pytest.raises(CallError) as caught:
        Compute(cloud.Login()).get("networks", {**A, "network": "vpc-a"})
    assert "Nothing can be read from Google" in cloud.refusal(caught.value).sentence
