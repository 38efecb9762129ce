"""`kubectl logs`: the lines that the store's table `kube/log` holds, key NAMESPACE/POD/CONTAINER:
{"lines": [[RFC 3339 time, line], …]}."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from aiohttp import web

from lab.kube.request import flag, number
from lab.kube.status import StatusError
from lab.kube.times import now_nano, parse
from lab.store import Event, Store

TABLE = "kube/log"
MOST = 2000
_LOOK = 1.0


def lines_of(store: Store, key: str) -> list[list[str]]:
    """The container's log so far: times and lines."""
    if TABLE not in store.names(TABLE):
        return []
    return list((store.table(TABLE).find(key) or {}).get("lines") or ())


def append(store: Store, key: str, lines: list[str]) -> None:
    """Add lines, which the container said now."""
    held = lines_of(store, key)
    time = now_nano()
    store.table(TABLE).put(key, {"lines": [*held, *([time, line] for line in lines)][-MOST:]})


def drop(store: Store, pod: str) -> None:
    """Forget the logs of every container of a pod."""
    if TABLE in store.names(TABLE):
        table = store.table(TABLE)
        for key in [key for key in table if key.startswith(f"{pod}/")]:
            table.remove(key)


class Logs:
    """One client's reading of one container's log."""

    def __init__(self, store: Store, pod: str, container: str, request: web.Request) -> None:
        query = request.query
        self._store = store
        self._pod = pod
        self._key = f"{pod}/{container}"
        self._request = request
        self._tail = number(query, "tailLines")
        self._limit = number(query, "limitBytes")
        self._since = self._first_moment(number(query, "sinceSeconds"), query.get("sinceTime"))
        self._follow = flag(query, "follow")
        self._stamps = flag(query, "timestamps")
        for name, value, least in (("tailLines", self._tail, 0), ("limitBytes", self._limit, 1)):
            if value is not None and value < least:
                message = f"{name}: Invalid value: {value}: must be greater than or equal to {least}"
                raise StatusError(422, "Invalid", f'PodLogOptions "" is invalid: {message}')

    def _first_moment(self, seconds: int | None, time: str | None) -> datetime | None:
        if seconds is not None:
            if seconds < 1:
                message = f"sinceSeconds: Invalid value: {seconds}: must be greater than 0"
                raise StatusError(422, "Invalid", f'PodLogOptions "" is invalid: {message}')
            return datetime.now(UTC) - timedelta(seconds=seconds)
        return parse(time)

    async def serve(self) -> web.StreamResponse:
        """Answer with the log, and with what is added to it while the client follows."""
        response = web.StreamResponse(headers={"Content-Type": "text/plain", "Cache-Control": "no-cache, private"})
        response.enable_chunked_encoding()
        changed = asyncio.Event()

        def heard(event: Event) -> None:
            if event.key.startswith(self._pod):
                changed.set()

        end = self._store.listen(heard)
        try:
            known = lines_of(self._store, self._key)
            await response.prepare(self._request)
            with suppress(ConnectionError):
                chosen = [each for each in known if self._recent(each[0])]
                if self._tail is not None:
                    chosen = chosen[-self._tail :] if self._tail else []
                await self._write(response, chosen)
                while self._follow and self._alive():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), _LOOK)
                    changed.clear()
                    newest = lines_of(self._store, self._key)
                    await self._write(response, _behind(newest, known))
                    known = newest
                await response.write_eof()
        finally:
            end()
        return response

    def _recent(self, time: str) -> bool:
        moment = parse(time)
        return self._since is None or moment is None or moment >= self._since

    def _alive(self) -> bool:
        transport = self._request.transport
        if transport is None or transport.is_closing() or (self._limit is not None and self._limit <= 0):
            return False
        pod = self._store.table("kube/pods").find(self._pod)
        return pod is not None and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")

    async def _write(self, response: web.StreamResponse, lines: list[list[str]]) -> None:
        text = "".join(f"{time} {line}\n" if self._stamps else f"{line}\n" for time, line in lines)
        data = text.encode()
        if self._limit is not None:
            data = data[: self._limit]
            self._limit -= len(data)
        if data:
            await response.write(data)


def _behind(newest: list[list[str]], known: list[list[str]]) -> list[list[str]]:
    """The lines of `newest` behind those `known`, though the oldest may have been dropped."""
    if not known:
        return newest
    for place in range(len(newest), 0, -1):
        if newest[place - 1] == known[-1]:
            return newest[place:]
    return newest
