"""One version of one object as clients see it; made once, never edited, and its JSON remembered."""

from __future__ import annotations

import json
from typing import Any

from lab.kube.kinds import Kind

Object = dict[str, Any]


class Entry:
    """One version of one object. `view` and `encoded` are what clients see; treat them as read-only."""

    __slots__ = ("_born", "_rest", "_view", "key", "kind", "object", "version")

    def __init__(self, kind: Kind, key: str, version: int, thing: Object, born: tuple[str, str]) -> None:
        self.kind = kind
        self.key = key
        self.version = version
        self.object = thing
        self._born = born
        self._view: Object | None = None
        self._rest: bytes | None = None

    @property
    def view(self) -> Object:
        """The object as the API shows it: with kind, version, uid and creation time."""
        if self._view is None:
            uid, created = self._born
            meta = {"uid": uid, "creationTimestamp": created, **(self.object.get("metadata") or {})}
            meta["resourceVersion"] = str(self.version)
            rest = {name: value for name, value in self.object.items() if name not in _HEAD}
            self._view = {"kind": self.kind.kind, "apiVersion": self.kind.api_version, "metadata": meta, **rest}
        return self._view

    @property
    def uid(self) -> str:
        """The object's uid."""
        return str(self.view["metadata"]["uid"])

    def encoded(self, *, item: bool = False) -> bytes:
        """JSON of the view; an `item` of a list of a built-in kind carries no kind and apiVersion, as in the API."""
        if self._rest is None:
            body = {name: value for name, value in self.view.items() if name not in ("kind", "apiVersion")}
            self._rest = encode(body)[1:]
        if item and not self.kind.custom:
            return b"{" + self._rest
        return (
            b'{"kind":"%b","apiVersion":"%b",' % (self.kind.kind.encode(), self.kind.api_version.encode()) + self._rest
        )

    def born(self) -> tuple[str, str]:
        """uid and creation time for an object that was stored without."""
        return self._born


_HEAD = ("kind", "apiVersion", "metadata")


def encode(value: Any) -> bytes:
    """Compact JSON, UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
