"""A Snapshot that may be shown around: names and addresses under pseudonyms, and the same verdict.

Pseudonyms are stable under one key. What no rule looks at and people put secrets into (environment, annotations,
commands of containers, start-up scripts) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from rules.redact.addresses import Addresses, Network
from rules.redact.pseudonyms import Pseudonyms
from rules.redact.text import Texts
from rules.snapshot import Snapshot, from_json, to_json

AGENT = "ip-masq-agent"

_LITERAL = frozenset(
    {"schema", "version", "taken_at", "started_at", "kind", "apiVersion", "outcome", "read", "permission"}
)
_DROPPED = frozenset(
    {"managedFields", "env", "envFrom", "binaryData", "stringData", "clusterCaCertificate", "clientKey"}
)
_SENTENCES = frozenset({"message", "detail", "why", "stderr", "stateDetails", "statusMessage"})
_COMMANDS = frozenset({"via", "command"})
_PEOPLES = frozenset(
    {"labels", "matchLabels", "nodeSelector", "selector", "resourceLabels", "userLabels", "data", "compute", "node_nat"}
)
"""Objects whose keys people chose."""
_READ_ANNOTATIONS = frozenset({"networking.gke.io/default-interface", "networking.gke.io/interfaces"})
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_ENUM = re.compile(r"[A-Z][A-Za-z0-9_]*", re.ASCII)
_PROSE = frozenset({"name", "description", "stdout", "displayName", "title", "value", "hostname"})


def redact(snapshot: Snapshot, key: bytes) -> Snapshot:
    """`snapshot` under the pseudonyms of `key` (16 to 64 bytes)."""
    data = to_json(snapshot)
    return from_json({**_Walk(key, data).snapshot(data), "redacted": True})


class _Walk:
    """One walk over the JSON of a Snapshot."""

    def __init__(self, key: bytes, data: Mapping[str, Any]) -> None:
        self._texts = Texts(Pseudonyms(key), Addresses(key, _subnets(data)))

    def snapshot(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Twice: in sentences, names are found that may stand behind them."""
        self._object(data, "")
        found: dict[str, Any] = self._object(data, "")
        return found

    def _object(self, data: Mapping[str, Any], parent: str) -> dict[str, Any]:
        theirs = parent in _PEOPLES
        made = {}
        for key, value in data.items():
            if key in _DROPPED or (key in ("command", "args") and "image" in data and not _is_agent(data)):
                continue
            if key == "annotations" and isinstance(value, Mapping):
                value = {name: text for name, text in value.items() if name in _READ_ANNOTATIONS}
                made[key] = self._object(value, "labels") if value else {}
                continue
            if key == "metadata" and isinstance(value, Mapping) and parent in ("instances", "config", "nodeConfig"):
                made[key] = {}
                continue
            name = key if not theirs and _FIELD.fullmatch(key) else self._texts.name(key)
            made[name] = self._value(value, key, parent, agents=key in ("command", "args") and "image" in data)
        return made

    def _value(self, value: Any, key: str, parent: str, *, agents: bool = False) -> Any:
        if isinstance(value, Mapping):
            return self._object(value, key if parent != "compute" else "project")
        if isinstance(value, list | tuple):
            return [self._value(item, key, parent, agents=agents) for item in value]
        return self._text(value, key, parent, agents=agents) if isinstance(value, str) else value

    def _text(self, text: str, key: str, parent: str, *, agents: bool) -> str:
        if parent == "node_nat":
            return self._texts.nat(text)
        if parent == "data":
            return self._texts.settings(text)
        if agents:
            return self._texts.addressed(text)
        if parent in _PEOPLES:
            return self._texts.name(text)
        if key in _LITERAL:
            return text
        if key in _SENTENCES:
            return self._texts.sentence(text)
        if key in _COMMANDS:
            return self._texts.command(text)
        if key not in _PROSE and _ENUM.fullmatch(text):
            return text
        return self._texts.name(text)


def _is_agent(container: Mapping[str, Any]) -> bool:
    return any(AGENT in str(container.get(key, "")) for key in ("name", "image"))


def _subnets(data: Mapping[str, Any]) -> list[Network]:
    """The ranges of the subnets that were read."""
    found: list[Network] = []
    for kinds in data["compute"].values():
        for subnet in _objects(kinds.get("subnetworks")):
            for part in (subnet, *_objects(subnet.get("secondaryIpRanges"))):
                try:
                    found.append(ip_network(part["ipCidrRange"]))
                except (KeyError, ValueError, TypeError):
                    continue
    return found


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []
