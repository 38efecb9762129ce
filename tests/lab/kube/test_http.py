"""What no official client sends: every strange request gets a Status that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., Any]

MAPS = "/api/v1/namespaces/default/configmaps"


def assert_status(answer: Any, code: int, reason: str, said: str = "") -> None:
    assert answer.code == code, answer.body
    assert answer.body["kind"] == "Status"
    assert answer.body["status"] == "Failure"
    assert answer.body["code"] == code
    assert answer.body["reason"] == reason
    assert said in answer.body["message"]


@pytest.mark.parametrize(
    ("body", "kind", "code", "reason"),
    [
        (b"", "application/json", 400, "BadRequest"),
        (b"{", "application/json", 400, "BadRequest"),
        (b"\xff\xfe", "application/json", 400, "BadRequest"),
        (b"[]", "application/json", 400, "BadRequest"),
        (b"null", "application/json", 400, "BadRequest"),
        (b'{"a": NaN}', "application/json", 400, "BadRequest"),
        (b"[" * 100_000, "application/json", 400, "BadRequest"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "application/json", 400, "BadRequest"),
        (b"a: [", "application/yaml", 400, "BadRequest"),
        (b"&a [*a]", "application/yaml", 400, "BadRequest"),
        (b"k8s\x00", "application/vnd.kubernetes.protobuf", 400, "BadRequest"),
        (b"k8s\x00\xff\xff\xff", "application/vnd.kubernetes.protobuf", 400, "BadRequest"),
        (b"<a/>", "text/xml", 415, "UnsupportedMediaType"),
        (b"x" * (4 * 1024 * 1024), "application/json", 413, "RequestEntityTooLarge"),
        (b'{"metadata": 5}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {"name": 5}}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {"name": "a", "labels": {"a": {}}}}', "application/json", 400, "BadRequest"),
        (b'{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {"name": "a", "namespace": "other"}}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {"name": "a", "resourceVersion": "5"}}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "A_B"}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "a"}, "data": {"a b": "c"}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "a"}, "data": {"a": 1}}', "application/json", 400, "BadRequest"),
    ],
)
def test_bodies_that_are_no_config_map(http_call: Call, body: bytes, kind: str, code: int, reason: str) -> None:
    assert_status(http_call("POST", MAPS, body, Content_Type=kind), code, reason)
    assert http_call("GET", MAPS).body["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "code", "reason"),
    [
        ("GET", "/nothing", 404, "NotFound"),
        ("GET", "/api/v1/nothing", 404, "NotFound"),
        ("GET", "/apis/apps/v9/daemonsets", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/default/nodes", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/default/pods/my-pod/nothing", 404, "NotFound"),
        ("GET", "/api/v1/pods/my-pod", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/default/configmaps/%2e%2e%2fpods", 404, "NotFound"),
        ("PUT", MAPS, 405, "MethodNotAllowed"),
        ("POST", f"{MAPS}/name", 405, "MethodNotAllowed"),
        ("OPTIONS", MAPS, 405, "MethodNotAllowed"),
        ("POST", "/version", 405, "MethodNotAllowed"),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 405, "MethodNotAllowed"),
        ("GET", f"{MAPS}?limit=many", 400, "BadRequest"),
        ("GET", f"{MAPS}?resourceVersion=new", 400, "BadRequest"),
        ("GET", f"{MAPS}?continue=%7B%7D", 400, "BadRequest"),
        ("GET", f"{MAPS}?resourceVersion=999999", 504, "Timeout"),
        ("GET", f"{MAPS}?watch=1&resourceVersion=999999", 504, "Timeout"),
        ("GET", f"{MAPS}?labelSelector=a%3D%3D%3Db", 400, "BadRequest"),
        ("GET", "/api/v1/namespaces/default/pods/my-pod/exec?command=ls", 400, "BadRequest"),
        ("GET", "/api/v1/namespaces/default/pods/my-pod/exec?stdout=1", 400, "BadRequest"),
        ("GET", "/api/v1/namespaces/default/pods/my-pod/exec?command=ls&stdout=1", 400, "BadRequest"),
        ("GET", "/api/v1/namespaces/default/pods/my-pod/log?tailLines=-1", 422, "Invalid"),
        ("DELETE", f"{MAPS}/none?gracePeriodSeconds=soon", 400, "BadRequest"),
        ("DELETE", f"{MAPS}/none?dryRun=some", 422, "Invalid"),
    ],
)
def test_requests_that_lead_nowhere(http_call: Call, method: str, path: str, code: int, reason: str) -> None:
    body = {} if method in ("POST", "PUT") else None
    assert_status(http_call(method, path, body), code, reason)


def test_no_token_and_a_wrong_one(http_call: Call) -> None:
    for token in (None, "", "wrong"):
        assert_status(http_call("GET", "/api/v1/nodes", token=token), 401, "Unauthorized", "Unauthorized")
    assert http_call("GET", "/healthz", token=None).body == b"ok"
    assert http_call("GET", "/version", token=None).body["gitVersion"].startswith("v1.32")


def test_rights_by_name_and_namespace(http_call: Call) -> None:
    path = "/api/v1/namespaces/kube-system/configmaps"
    for name, code in (("open", 404), ("closed", 403)):
        assert http_call("GET", f"{path}/{name}", token="viewer-token").code == code
    answer = http_call("GET", f"{path}/closed", token="viewer-token")
    said = 'configmaps "closed" is forbidden: User "viewer" cannot get resource "configmaps" in API group "" in the '
    assert_status(answer, 403, "Forbidden", said + 'namespace "kube-system"')
    exec_path = "/api/v1/namespaces/default/pods/my-pod/exec?command=ls&stdout=1"
    answer = http_call("GET", exec_path, token="viewer-token")
    assert_status(answer, 403, "Forbidden", 'cannot get resource "pods/exec"')


def test_tables_and_bare_metadata_on_request(http_call: Call) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    found = http_call("GET", "/api/v1/namespaces/default/pods", Accept=accept).body
    assert (found["kind"], found["rows"][0]["cells"][:4]) == ("Table", ["my-pod", "1/1", "Running", "0"])
    assert found["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    whole = http_call("GET", "/api/v1/namespaces/default/pods?includeObject=Object", Accept=accept).body
    assert whole["rows"][0]["object"]["spec"]["nodeName"] == "gke-node-01"
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    assert http_call("GET", "/api/v1/nodes", Accept=accept).body["kind"] == "PartialObjectMetadataList"
    assert b"kind: NodeList" in http_call("GET", "/api/v1/nodes", Accept="application/yaml").body
    assert_status(http_call("GET", "/api/v1/nodes", Accept="text/html"), 406, "NotAcceptable")


def test_discovery_old_and_aggregated(http_call: Call) -> None:
    assert http_call("GET", "/api").body["versions"] == ["v1"]
    groups = {group["name"] for group in http_call("GET", "/apis").body["groups"]}
    assert {"apps", "networking.k8s.io", "authorization.k8s.io"} <= groups
    names = {each["name"] for each in http_call("GET", "/api/v1").body["resources"]}
    assert {"pods", "pods/exec", "pods/log", "nodes"} <= names
    answer = http_call("GET", "/apis", Accept="application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
    assert answer.body["kind"] == "APIGroupDiscoveryList"
    assert "as=APIGroupDiscoveryList" in answer.headers["Content-Type"]
    paths = http_call("GET", "/openapi/v3").body["paths"]
    for place in paths.values():
        assert http_call("GET", place["serverRelativeURL"]).body["openapi"] == "3.0.0"


def test_an_initial_list_by_watch_ends_with_its_bookmark(http_call: Call) -> None:
    query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"
    lines = http_call("GET", f"/api/v1/nodes?{query}").body
    assert [line["type"] for line in lines] == ["ADDED", "ADDED", "BOOKMARK", "BOOKMARK"]
    assert lines[2]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_warning_names_the_field_that_was_dropped(http_call: Call) -> None:
    body = {"metadata": {"name": "a"}, "data": {"k": "v"}, "dta": {}}
    assert_status(http_call("POST", f"{MAPS}?fieldValidation=Strict", body), 400, "BadRequest", 'unknown field "dta"')
    answer = http_call("POST", MAPS, body)
    assert (answer.code, answer.headers["Warning"]) == (201, '299 - "unknown field \\"dta\\""')
    assert "dta" not in answer.body


@pytest.mark.parametrize(
    ("kind", "patch", "code"),
    [
        ("application/json-patch+json", {}, 400),
        ("application/json-patch+json", [{"op": "remove", "path": "/data/none"}], 422),
        ("application/json-patch+json", [{"op": "test", "path": "/data/k", "value": "other"}], 422),
        ("application/json-patch+json", [{"op": "replace", "path": "", "value": 5}], 422),
        ("application/merge-patch+json", [], 400),
        ("application/merge-patch+json", {"metadata": {"name": "other"}}, 400),
        ("application/merge-patch+json", {"metadata": {"resourceVersion": "1"}}, 409),
        ("application/strategic-merge-patch+json", "text", 400),
        ("application/strategic-merge-patch+json", {"data": {"k": 5}}, 400),
        ("application/apply-patch+yaml", {"data": {}}, 400),
        ("application/json", {}, 415),
    ],
)
def test_patches_that_do_not_fit(http_call: Call, kind: str, patch: Any, code: int) -> None:
    http_call("POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})
    answer = http_call("PATCH", f"{MAPS}/a?fieldManager=me", json.dumps(patch).encode(), Content_Type=kind)
    assert answer.code == code, answer.body
    assert answer.body["kind"] == "Status"
    assert http_call("GET", f"{MAPS}/a").body["data"] == {"k": "v"}
