"""Watches: every change after a version, as lines of JSON, until the client or the time is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web

from lab.kube import tables
from lab.kube.cache import Cache, Change
from lab.kube.entry import Entry, encode
from lab.kube.listing import Form, Selection
from lab.kube.request import flag, number, version_asked
from lab.kube.status import StatusError, expired

Object = dict[str, Any]

BOOKMARK_EVERY = 60.0
_LOOK = 1.0
_MOST_WAITING = 10_000
_LONGEST = 3600


class Watch:
    """One client's watch of one selection."""

    def __init__(self, cache: Cache, chosen: Selection, shape: Form, query: Mapping[str, str]) -> None:
        self._cache = cache
        self._chosen = chosen
        self._shape = shape
        self._initial = flag(query, "sendInitialEvents")
        self._bookmarks = flag(query, "allowWatchBookmarks")
        self._from = version_asked(query)
        self._seconds = min(number(query, "timeoutSeconds") or _LONGEST, _LONGEST)
        self._waiting: asyncio.Queue[Change] = asyncio.Queue()
        self._headers_sent = False
        self._sent = cache.version

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer `request` until it ends."""
        if self._from is not None and self._from > self._cache.version:
            raise StatusError(
                504, "Timeout", f"Too large resource version: {self._from}, current: {self._cache.version}"
            )
        response = web.StreamResponse(
            headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
        )
        response.enable_chunked_encoding()
        end = self._cache.listen(self._waiting.put_nowait)
        try:
            opening = self._opening()
            await response.prepare(request)
            with suppress(ConnectionError):
                for data in opening:
                    await response.write(data)
                await self._follow(request, response)
                await response.write_eof()
        finally:
            end()
        return response

    def _opening(self) -> list[bytes]:
        """The lines before live changes; an ERROR line when the version asked for is no longer kept."""
        if self._from in (None, 0) or self._initial:
            first = [
                self._line("ADDED", entry)
                for entry in self._cache.entries(self._chosen.kind)
                if self._chosen.matches(entry)
            ]
            if self._initial and self._bookmarks:
                first.append(self._bookmark({"k8s.io/initial-events-end": "true"}))
            return first
        changes = self._cache.since(self._chosen.kind, self._from or 0)
        if changes is None:
            problem = expired(f"too old resource version: {self._from} ({self._cache.oldest})")
            self._seconds = 0
            return [encode({"type": "ERROR", "object": problem.body()}) + b"\n"]
        return [line for change in changes if (line := self._change(change))]

    async def _follow(self, request: web.Request, response: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        bookmark = loop.time() + BOOKMARK_EVERY
        while (left := end - loop.time()) > 0 and self._waiting.qsize() < _MOST_WAITING:
            if request.transport is None or request.transport.is_closing():
                return
            try:
                change = await asyncio.wait_for(self._waiting.get(), min(left, _LOOK))
            except TimeoutError:
                if self._bookmarks and loop.time() >= bookmark:
                    bookmark = loop.time() + BOOKMARK_EVERY
                    await response.write(self._bookmark())
                continue
            lines = [self._change(change)]
            while not self._waiting.empty() and len(lines) < 500:
                lines.append(self._change(self._waiting.get_nowait()))
            if data := b"".join(line for line in lines if line):
                await response.write(data)
        if self._bookmarks and self._seconds:
            await response.write(self._bookmark())

    def _change(self, change: Change) -> bytes | None:
        """The line for a change, seen through the selection: an object may enter it or leave it."""
        self._sent = max(self._sent, change.version)
        if change.entry.kind is not self._chosen.kind:
            return None
        was = change.before is not None and self._chosen.matches(change.before)
        now = change.type != "DELETED" and self._chosen.matches(change.entry)
        if change.type == "DELETED":
            return self._line("DELETED", change.entry) if was else None
        if now:
            return self._line("MODIFIED" if was else "ADDED", change.entry)
        if was and change.before is not None:
            left = Entry(
                change.entry.kind, change.entry.key, change.version, change.before.object, change.before.born()
            )
            return self._line("DELETED", left)
        return None

    def _line(self, type: str, entry: Entry) -> bytes:
        if self._shape.as_ == "Table":
            meta = {"resourceVersion": str(entry.version)}
            headers = not self._headers_sent
            self._headers_sent = True
            thing: Object = tables.table(entry.kind, [entry.view], meta, include=self._shape.include, headers=headers)
        elif self._shape.as_:
            thing = tables.partial(entry.view)
        else:
            return b'{"type":"%b","object":%b}\n' % (type.encode(), entry.encoded())
        return encode({"type": type, "object": thing}) + b"\n"

    def _bookmark(self, annotations: Object | None = None) -> bytes:
        kind = self._chosen.kind
        meta: Object = {"resourceVersion": str(self._cache.version), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = annotations
        thing: Object = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}
        if self._shape.as_ == "Table":
            row = {"cells": [], "object": {**thing, "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}}
            list_meta = {"resourceVersion": meta["resourceVersion"]}
            thing = {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": list_meta,
                "columnDefinitions": None,
                "rows": [row],
            }
        return encode({"type": "BOOKMARK", "object": thing}) + b"\n"
