"""Operations: work that is accepted at once and done later, as `globalOperations` and its kin show it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from lab.compute.errors import ApiError, OperationError, not_found
from lab.compute.links import last, number, part, project_link
from lab.store import Object, Store

COLLECTIONS = frozenset({"globalOperations", "regionOperations", "zoneOperations"})
USER = "engineer@example.com"
KEPT = 2_000
WAIT = 120.0
_PACIFIC = timezone(timedelta(hours=-8))


def now() -> str:
    """The time as Compute writes it."""
    return datetime.now(_PACIFIC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Job:
    """What an operation does: its API `type`, the `target`'s URL, how many `seconds` it takes at speed 1, the `work`
    itself, and the `locks` it holds until it is done."""

    project: str
    type: str
    target: str
    seconds: float
    work: Callable[[], None]
    locks: frozenset[str] = frozenset()
    request_id: str = ""


@dataclass
class _Running:
    job: Job
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Operations:
    """Starts operations, carries them through PENDING and RUNNING to DONE, and answers for them."""

    def __init__(self, store: Store, *, speed: float = 1.0) -> None:
        self._store = store
        self._speed = speed
        self._running: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._requests: dict[tuple[str, str], str] = {}
        self._count = 0

    async def close(self) -> None:
        """Stop all that is running; what was not done is not done."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def busy(self, locks: Iterable[str]) -> bool:
        """Whether a running operation holds one of the locks."""
        wanted = set(locks)
        return any(wanted & running.job.locks for running in self._running.values())

    def start(self, job: Job) -> Object:
        """Accept a job and answer with its operation. A `request_id` seen before answers with the first operation."""
        repeated = self._requests.get((job.project, job.request_id)) if job.request_id else None
        if repeated is not None:
            return self._find(job.project, _scope(job.target), repeated)
        if self.busy(job.locks):
            raise ApiError(400, "resourceNotReady", f"The resource '{path_of(job.target)}' is not ready")
        self._count += 1
        stamp = int(datetime.now(_PACIFIC).timestamp() * 1000)
        name = f"operation-{stamp}-{self._count:x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        scope = _scope(job.target)
        self_link = project_link(job.project, f"{scope}/operations/{name}")
        operation: Object = {
            "kind": "compute#operation",
            "id": number(self_link),
            "name": name,
            "operationType": job.type,
            "targetLink": job.target,
            "targetId": number(job.target),
            "status": "PENDING",
            "user": USER,
            "progress": 0,
            "insertTime": now(),
            "selfLink": self_link,
        }
        for collection in ("regions", "zones"):
            if place := part(job.target, collection):
                operation[collection[:-1]] = project_link(job.project, f"{collection}/{place}")
        table = self._store.table(_table(job.project, scope))
        table.create(_key(scope, name), operation)
        self._drop_old(job.project, scope)
        if job.request_id:
            self._requests[(job.project, job.request_id)] = name
        self._running[self_link] = _Running(job)
        task = asyncio.get_running_loop().create_task(self._carry(self_link, scope, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return table.get(_key(scope, name))

    def get(self, project: str, scope: str, name: str) -> Object:
        """The operation; 404 when there is none."""
        return self._find(project, scope, name)

    def delete(self, project: str, scope: str, name: str) -> None:
        """Forget a finished operation."""
        if self._find(project, scope, name)["status"] != "DONE":
            raise ApiError(400, "resourceNotReady", f"The operation '{name}' is not done yet")
        self._store.table(_table(project, scope)).remove(_key(scope, name))

    async def wait(self, project: str, scope: str, name: str) -> Object:
        """The operation when it is done, or as it is after two minutes."""
        operation = self._find(project, scope, name)
        running = self._running.get(operation["selfLink"])
        if running is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running.done.wait(), WAIT)
        return self._find(project, scope, name)

    def _find(self, project: str, scope: str, name: str) -> Object:
        found = self._store.table(_table(project, scope)).find(_key(scope, name))
        if found is None:
            raise not_found(f"projects/{project}/{scope}/operations/{name}")
        return found

    async def _carry(self, self_link: str, scope: str, name: str) -> None:
        running = self._running[self_link]
        job = running.job
        try:
            await asyncio.sleep(job.seconds / self._speed / 4)
            self._update(job.project, scope, name, {"status": "RUNNING", "startTime": now()})
            await asyncio.sleep(job.seconds / self._speed * 3 / 4)
            change: Object = {"status": "DONE", "progress": 100}
            try:
                job.work()
            except OperationError as error:
                change |= {
                    "error": {"errors": [{"code": error.code, "message": error.message}]},
                    "httpErrorStatusCode": 400,
                    "httpErrorMessage": "BAD REQUEST",
                }
            self._update(job.project, scope, name, {**change, "endTime": now()})
        finally:
            self._running.pop(self_link, None)
            running.done.set()

    def _update(self, project: str, scope: str, name: str, change: Object) -> None:
        table = self._store.table(_table(project, scope))
        found = table.find(_key(scope, name))
        if found is not None:
            table.replace(_key(scope, name), {**found, **change})

    def _drop_old(self, project: str, scope: str) -> None:
        table = self._store.table(_table(project, scope))
        if len(table) <= KEPT:
            return
        for key in table:
            if table.get(key)["status"] == "DONE":
                table.remove(key)
                return


def path_of(target: str) -> str:
    """`projects/…` of a URL, for messages."""
    return target[target.index("projects/") :]


def _scope(target: str) -> str:
    for collection in ("regions", "zones"):
        if place := part(target, collection):
            return f"{collection}/{place}"
    return "global"


def _table(project: str, scope: str) -> str:
    kind = scope.split("/")[0].removesuffix("s")
    return f"compute/{project}/{kind}Operations"


def _key(scope: str, name: str) -> str:
    return name if scope == "global" else f"{last(scope)}/{name}"
