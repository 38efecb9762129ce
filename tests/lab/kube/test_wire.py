"""Field names, protobuf bodies and printed times, against the official client and the API's own definitions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes import client

from lab.kube import kinds, protobuf, schema, selectors
from lab.kube.status import StatusError
from lab.kube.times import human


def models(model: Any) -> list[Any]:
    """The client's model classes inside an annotation."""
    if hasattr(model, "model_fields"):
        return [model]
    return [found for inner in get_args(model) for found in models(inner)]


NAMED = {"CoreV1Event": "Event"}


def test_every_field_is_one_that_the_official_client_knows() -> None:
    roots = "V1Pod V1Node V1ConfigMap V1Service V1ServiceAccount V1DaemonSet V1NetworkPolicy V1Namespace V1Lease"
    waiting = [client.CoreV1Event, *(getattr(client, name) for name in roots.split())]
    seen: set[str] = set()
    while waiting:
        model = waiting.pop()
        name = NAMED.get(model.__name__) or re.sub(r"^(Core)?V1(?=[A-Z])", "", model.__name__)
        if name in seen:
            continue
        seen.add(name)
        fields = {field.serialization_alias or key: field.annotation for key, field in model.model_fields.items()}
        held = schema.types().get(name)
        if held is None:
            continue
        assert not set(held) - set(fields), name
        waiting += [inner for field in set(held) & set(fields) for inner in models(fields[field])]
    assert len(seen) > 100


def outcome(call: Callable[[], Any]) -> Any:
    """The type of what `call` gives, or the code with which it refuses."""
    try:
        return type(call())
    except StatusError as refused:
        return refused.code


def varint(value: int) -> bytes:
    value %= 1 << 64
    found = b""
    while value >= 0x80:
        found += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return found + bytes((value,))


def field(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    meta = field(1, api_version) + field(2, kind)
    return protobuf.MAGIC + field(1, meta) + field(2, raw) + field(3, "") + field(4, "")


def test_a_config_map_as_kubectl_sends_it() -> None:
    meta = field(1, "ip-masq-agent") + field(2, "") + field(3, "kube-system") + field(7, 0) + field(8, b"")
    raw = field(1, meta) + field(2, field(1, "config") + field(2, "resyncInterval: 60s\n"))
    raw += field(3, field(1, "bin") + field(2, b"\x00\xff")) + field(4, 0)
    assert protobuf.decode(envelope("v1", "ConfigMap", raw)) == {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "ip-masq-agent", "namespace": "kube-system"},
        "data": {"config": "resyncInterval: 60s\n"},
        "binaryData": {"bin": "AP8="},
        "immutable": False,
    }


def test_a_pod_with_embedded_and_optional_parts() -> None:
    volume = field(1, "v") + field(2, field(2, b""))
    port = field(2, 0) + field(3, 8080) + field(4, "TCP")
    container = field(1, "c") + field(2, "image") + field(6, port) + field(16, 1)
    spec = field(1, volume) + field(2, container) + field(4, 0) + field(5, -1) + field(11, 0)
    found = protobuf.decode(envelope("v1", "Pod", field(2, spec)))["spec"]
    assert found["volumes"] == [{"name": "v", "emptyDir": {}}]
    assert found["containers"] == [
        {"name": "c", "image": "image", "ports": [{"containerPort": 8080, "protocol": "TCP"}], "stdin": True}
    ]
    assert (found["terminationGracePeriodSeconds"], found["activeDeadlineSeconds"]) == (0, -1)
    assert "hostNetwork" not in found


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    for body in (data, protobuf.MAGIC + data, envelope("v1", "Pod", data)):
        assert outcome(lambda body=body: protobuf.decode(body)) in (dict, 400)


# apimachinery, pkg/util/duration, HumanDuration.
@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (130, "2m10s"),
        (599, "9m59s"),
        (600, "10m"),
        (179 * 60, "179m"),
        (3 * 3600, "3h"),
        (7 * 3600 + 600, "7h10m"),
        (9 * 3600 + 600, "9h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (9 * 86400, "9d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (800 * 86400, "2y70d"),
        (3000 * 86400, "8y"),
    ],
)
def test_durations_as_kubectl_prints_them(seconds: int, text: str) -> None:
    assert human(seconds) == text


LABELS = {"app": "web", "tier": "a", "empty": ""}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier!=b", True),
        ("app=db", False),
        ("app in (db, web)", True),
        ("app notin (db,web)", False),
        ("other notin (x)", True),
        ("other!=x", True),
        ("app", True),
        ("!app", False),
        ("!other,empty=", True),
        ("other", False),
    ],
)
def test_label_selectors(selector: str, matches: bool) -> None:
    assert selectors.labels(selector)({"metadata": {"labels": LABELS}}) is matches


@given(st.text(max_size=30))
def test_any_selector_matches_or_is_refused(text: str) -> None:
    for make in (selectors.labels, lambda given: selectors.fields(given, kinds.PODS)):
        assert outcome(lambda make=make: make(text)({"metadata": {"labels": LABELS}})) in (bool, 400)
