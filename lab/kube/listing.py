"""Lists: selected, in pages, at a version, as objects, as a Table or as bare metadata."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lab.kube import selectors, tables
from lab.kube.cache import Cache
from lab.kube.entry import Entry, encode
from lab.kube.kinds import Kind
from lab.kube.request import number, version_asked
from lab.kube.status import StatusError, bad_request, expired

Object = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """The form a client accepts: `as_` "", Table, PartialObjectMetadata or PartialObjectMetadataList."""

    as_: str = ""
    include: str = "Metadata"
    yaml: bool = False


def form(accept: str, query: Mapping[str, str]) -> Form:
    """The first form in an Accept header that this server has; 406 when there is none."""
    for part in (accept or "*/*").split(","):
        media, *parameters = [each.strip() for each in part.split(";")]
        given = dict(each.partition("=")[::2] for each in parameters)
        wanted = given.get("as", "")
        if media in ("application/json", "*/*", "application/*"):
            if (
                wanted in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
                and given.get("v", "v1") == "v1"
            ):
                return Form(wanted, query.get("includeObject") or "Metadata")
            if not wanted:
                return Form()
        if media in ("application/yaml", "text/yaml") and not wanted:
            return Form(yaml=True)
    offered = "application/json, application/yaml, application/json;stream=watch"
    raise StatusError(406, "NotAcceptable", f"only the following media types are accepted: {offered}")


@dataclass(frozen=True)
class Selection:
    """Which objects of a kind: namespace ("" for all) and the two selectors' matchers."""

    kind: Kind
    namespace: str
    label: selectors.Match
    field: selectors.Match
    selective: bool

    def matches(self, entry: Entry) -> bool:
        """Is the entry among them?"""
        if self.namespace and self.kind.namespaced and not entry.key.startswith(f"{self.namespace}/"):
            return False
        return not self.selective or (self.label(entry.view) and self.field(entry.view))


def selection(kind: Kind, namespace: str, query: Mapping[str, str], name: str = "") -> Selection:
    """The selection that a query asks for; 400 when a selector cannot be read."""
    fields = query.get("fieldSelector", "")
    if name:
        fields = f"{fields},metadata.name={name}" if fields else f"metadata.name={name}"
    label = selectors.labels(query.get("labelSelector", ""))
    field = selectors.fields(fields, kind)
    selective = label is not selectors.everything or field is not selectors.everything
    return Selection(kind, namespace, label, field, selective)


@dataclass(frozen=True)
class Page:
    """One page: its entries, the list's version, where the next begins ("" at the end), how many are left."""

    entries: list[Entry]
    version: int
    next: str = ""
    left: int | None = None

    def meta(self) -> Object:
        """The list's metadata."""
        meta: Object = {"resourceVersion": str(self.version)}
        if self.next:
            meta["continue"] = self.next
        if self.left:
            meta["remainingItemCount"] = self.left
        return meta


def page(cache: Cache, chosen: Selection, query: Mapping[str, str]) -> Page:
    """The page that a query asks for."""
    limit, token = number(query, "limit") or 0, query.get("continue", "")
    asked = version_asked(query)
    version, start = cache.version, ""
    if token:
        if asked:
            raise bad_request("specifying resource version is not allowed when using continue")
        version, start = _read_token(token)
    elif asked and query.get("resourceVersionMatch") == "Exact":
        version = asked
    if max(version, asked or 0) > cache.version:
        late = max(version, asked or 0)
        message = f"Too large resource version: {late}, current: {cache.version}"
        raise StatusError(
            504, "Timeout", message, {"causes": [{"reason": "ResourceVersionTooLarge", "message": message}]}
        )
    entries = _entries(cache, chosen, version)
    if entries is None:
        raise expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
            "without the continue parameter."
            if token
            else f"The resourceVersion for the provided list is too old: {version} ({cache.oldest})"
        )
    entries = entries[bisect_right(entries, start, key=lambda entry: entry.key) :]
    found = list(islice((entry for entry in entries if chosen.matches(entry)), limit + 1 if limit > 0 else None))
    if limit <= 0 or len(found) <= limit:
        return Page(found, version)
    left = None if chosen.selective else sum(chosen.matches(entry) for entry in entries) - limit
    return Page(found[:limit], version, _token(version, found[limit - 1].key), left)


def _entries(cache: Cache, chosen: Selection, version: int) -> list[Entry] | None:
    if version == cache.version:
        if chosen.namespace and chosen.kind.namespaced:
            return cache.namespaced(chosen.kind, chosen.namespace)
        return cache.entries(chosen.kind)
    return cache.entries_at(chosen.kind, version)


def _token(version: int, last: str) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": last})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, str]:
    try:
        held = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(held["rv"]), str(held["start"])
    except (ValueError, KeyError, TypeError):
        raise bad_request("continue key is not valid: the token was not made by this server") from None


def body(chosen: Selection, found: Page, shape: Form) -> bytes:
    """A list as the client wants it, in JSON."""
    if shape.as_ == "Table":
        views = [entry.view for entry in found.entries]
        return encode(tables.table(chosen.kind, views, found.meta(), include=shape.include))
    if shape.as_:
        items = [tables.partial(entry.view) for entry in found.entries]
        whole = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": found.meta()}
        return encode({**whole, "items": items})
    head = {"kind": f"{chosen.kind.kind}List", "apiVersion": chosen.kind.api_version, "metadata": found.meta()}
    items_text = b",".join(entry.encoded(item=True) for entry in found.entries)
    return encode(head)[:-1] + b',"items":[' + items_text + b"]}"


def one(kind: Kind, view: Object, shape: Form) -> bytes:
    """A single object as the client wants it, in JSON."""
    if shape.as_ == "Table":
        meta = {"resourceVersion": view["metadata"].get("resourceVersion", "")}
        return encode(tables.table(kind, [view], meta, include=shape.include))
    return encode(tables.partial(view) if shape.as_ else view)
