"""What was seen: one immutable, versioned, JSON-able record of reads, measurements and gaps.

Objects inside are as the APIs gave them (REST JSON, camelCase), so that the output of
`kubectl -o json` and `gcloud --format=json` can stand in for a live read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Any

from rules import collector
from rules.words import _

SCHEMA = "wayhome.snapshot/1"
MAX_BYTES = 512 * 1024 * 1024

Json = Mapping[str, Any]


class SnapshotError(ValueError):
    """The text is not a Snapshot this version can use; the message says why and what to do."""


class Outcome(StrEnum):
    """How a probe ended, as design contract 3.3 names it."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    STALLED = "stalled"
    DNS = "dns"
    APP_ERROR = "app-error"
    NOT_RUN = "not-run"


@dataclass(frozen=True, order=True)
class PodRef:
    """A pod's namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, order=True)
class Vpc:
    """A VPC network's project id and name; the key of everything that belongs to one side."""

    project: str
    name: str

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"


@dataclass(frozen=True)
class Target:
    """Where a packet is sent: dotted `ip`, `port` (None for ICMP), `protocol` tcp, udp or icmp, HTTP `path` or None."""

    ip: str
    port: int | None = 80
    protocol: str = "tcp"
    path: str | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return f"http://{self.ip}:{self.port}{self.path}" if self.port != 80 else f"http://{self.ip}{self.path}"
        return self.ip if self.port is None else f"{self.ip}:{self.port}"


@dataclass(frozen=True)
class Question:
    """What was asked, and what collection found out about whose question it is.

    `host` is the name by which the application calls the target, or ''.
    """

    pod: PodRef
    target: Target
    local: Target | None = None
    proxy: Target | None = None
    network: Vpc | None = None
    peer: Vpc | None = None
    host: str = ""


@dataclass(frozen=True)
class Probe:
    """One measurement.

    `id` is pod-local, node-local, node-peer, pod-peer or pod-proxy, with `@NODE` behind it for a repeat from
    elsewhere; `command` is what ran inside, `via` what a person would type; `why` explains `not-run`.
    """

    id: str
    outcome: Outcome
    command: tuple[str, ...] = ()
    via: str = ""
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    started_at: str = ""
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Gap:
    """A read that failed: API method, the object it was for, `why` (forbidden, not-found, timeout, unreachable,
    login, error) in one word, the permission that would open it, and the server's own words."""

    read: str
    of: str
    why: str
    permission: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Everything a verdict may rest on. A key that is absent was not asked for; names are pseudonyms if `redacted`."""

    taken_at: str
    version: str
    question: Question
    kubernetes: Json = field(default_factory=dict)
    container: Json = field(default_factory=dict)
    compute: Mapping[str, Json] = field(default_factory=dict)
    node_nat: Mapping[str, str] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()
    gaps: tuple[Gap, ...] = ()
    connectivity_test: Json | None = None
    redacted: bool = False

    def probe(self, id: str) -> Probe | None:
        """The measurement called `id`, or None."""
        return next((probe for probe in self.probes if probe.id == id), None)

    def items(self, kind: str) -> Sequence[Json] | None:
        """The Kubernetes objects of `kind` (nodes, pods, …); None when they were not or could not be read."""
        listing = self.kubernetes.get(kind)
        if not isinstance(listing, Mapping):
            return None
        found = listing.get("items")
        return found if isinstance(found, list) else None

    def compute_list(self, project: str, kind: str) -> Sequence[Json] | None:
        """The Compute objects of `kind` in `project`; None when they were not or could not be read."""
        found = self.compute.get(project, {}).get(kind)
        return found if isinstance(found, list) else None


def to_json(snapshot: Snapshot) -> dict[str, Any]:
    """The Snapshot as the JSON object of contract 3.3."""
    question = snapshot.question
    return {
        "schema": SCHEMA,
        "taken_at": snapshot.taken_at,
        "version": snapshot.version,
        "question": {
            "pod": _fields(question.pod),
            "target": _fields(question.target),
            "local": _fields(question.local),
            "proxy": _fields(question.proxy),
            "network": _fields(question.network),
            "peer": _fields(question.peer),
            **({"host": question.host} if question.host else {}),
        },
        "kubernetes": dict(snapshot.kubernetes),
        "container": dict(snapshot.container),
        "compute": {project: dict(kinds) for project, kinds in snapshot.compute.items()},
        "node_nat": dict(snapshot.node_nat),
        "probes": [{**vars(probe), "command": list(probe.command)} for probe in snapshot.probes],
        "gaps": [_fields(gap) for gap in snapshot.gaps],
        **({} if snapshot.connectivity_test is None else {"connectivity_test": dict(snapshot.connectivity_test)}),
        **({"redacted": True} if snapshot.redacted else {}),
    }


def dumps(snapshot: Snapshot) -> str:
    """The Snapshot as JSON text, one key per line, ending in a newline."""
    return json.dumps(to_json(snapshot), ensure_ascii=False, indent=1) + "\n"


def loads(text: str) -> Snapshot:
    """Read a Snapshot from JSON text.

    Raises SnapshotError with one sentence when the text is cut off, is not a Snapshot, or is of another schema.
    """
    if len(text) > MAX_BYTES:
        raise SnapshotError(_("The Snapshot is larger than 512 MiB; save one for a single pod and target instead."))
    try:
        with collector.held():
            data = json.loads(text)
    except (ValueError, RecursionError) as error:  # JSON's own, and that of a number of very many digits
        raise SnapshotError(
            _("The Snapshot is not complete JSON ({error}); save it again with --save.").format(error=error)
        ) from error
    return from_json(data)


def from_json(data: Any) -> Snapshot:
    """Build a Snapshot from decoded JSON; raises SnapshotError as `loads` does."""
    if not isinstance(data, dict) or "schema" not in data:
        raise SnapshotError(_('This file is not a Snapshot: it has no "schema"; make one with --save.'))
    if data["schema"] != SCHEMA:
        raise SnapshotError(
            _(
                "The Snapshot has schema {found}, this version reads {wanted}; open it with the wayhome that saved it."
            ).format(found=data["schema"], wanted=SCHEMA)
        )
    try:
        return Snapshot(
            taken_at=_text(data.get("taken_at", "")),
            version=_text(data.get("version", "")),
            question=_question(data["question"]),
            kubernetes=_object(data.get("kubernetes", {})),
            container=_object(data.get("container", {})),
            compute={project: _object(kinds) for project, kinds in _object(data.get("compute", {})).items()},
            node_nat={node: _text(nat) for node, nat in _object(data.get("node_nat", {})).items()},
            probes=tuple(_probe(item) for item in data.get("probes", [])),
            connectivity_test=_object(data["connectivity_test"]) if data.get("connectivity_test") else None,
            redacted=data.get("redacted") is True,
            gaps=tuple(Gap(**{key: _text(value) for key, value in item.items()}) for item in data.get("gaps", [])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotError(
            _("The Snapshot is damaged ({error}); save it again with --save.").format(error=error)
        ) from error


def _fields(value: object | None) -> dict[str, Any] | None:
    return None if value is None else dict(vars(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is not text")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r:.40} is not an object")
    return value


def _target(data: Any) -> Target | None:
    if data is None:
        return None
    target = Target(**_object(data))
    IPv4Address(_text(target.ip))
    if target.port is not None and not 0 < int(target.port) < 65536:
        raise ValueError(f"port {target.port}")
    return target


def _question(data: Any) -> Question:
    data = _object(data)
    target = _target(data["target"])
    if target is None:
        raise TypeError("no target")
    return Question(
        pod=PodRef(**_object(data["pod"])),
        target=target,
        local=_target(data.get("local")),
        proxy=_target(data.get("proxy")),
        network=Vpc(**data["network"]) if data.get("network") else None,
        peer=Vpc(**data["peer"]) if data.get("peer") else None,
        host=_text(data.get("host", "")),
    )


def _probe(data: Any) -> Probe:
    data = dict(_object(data))
    data["outcome"] = Outcome(data["outcome"])
    data["command"] = tuple(_text(word) for word in data.get("command", []))
    return Probe(**data)
