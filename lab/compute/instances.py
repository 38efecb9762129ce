"""`instances` methods that change a VM: start, stop, setTags."""

from __future__ import annotations

from lab.compute import check
from lab.compute.backend import Backend
from lab.compute.call import Call, Method
from lab.compute.errors import condition_not_met, invalid, required
from lab.compute.links import fingerprint, relative
from lab.compute.operations import Job, now
from lab.store import Object

SECONDS = 4.0
MAX_TAGS = 64


def _stored(backend: Backend, call: Call) -> Object:
    zone, name = call.path["zone"], call.path["instance"]
    return backend.get(call.project, "instances", f"{zone}/{name}", f"zones/{zone}/instances/{name}")


def _start(backend: Backend, call: Call) -> Object:
    return _set(backend, call, "start", {"status": "RUNNING", "lastStartTimestamp": now()})


def _stop(backend: Backend, call: Call) -> Object:
    return _set(backend, call, "stop", {"status": "TERMINATED", "lastStopTimestamp": now()})


def _set_tags(backend: Backend, call: Call) -> Object:
    stored = _stored(backend, call)
    given = check.body(call.body, ("items", "fingerprint", "kind"), "tags")
    if "fingerprint" not in given:
        raise required("tags.fingerprint")
    if given["fingerprint"] != stored["tags"]["fingerprint"]:
        raise condition_not_met("fingerprint")
    items = check.texts(given.get("items", []), "tags.items")
    if len(items) > MAX_TAGS:
        raise invalid("tags.items", len(items), f"A VM has at most {MAX_TAGS} network tags.")
    for item in items:
        if not check.NAME.fullmatch(item):
            raise invalid("tags.items", item, f"Must be a match of regex '(?:{check.NAME.pattern})'")
    mark = fingerprint(f"{stored['selfLink']} {items} {stored['tags']['fingerprint']}")
    tags: Object = {**({"items": items} if items else {}), "fingerprint": mark}
    return _set(backend, call, "setTags", {"tags": tags})


def _set(backend: Backend, call: Call, type: str, change: Object) -> Object:
    stored = _stored(backend, call)
    key = f"{call.path['zone']}/{call.path['instance']}"

    def work() -> None:
        table = backend.store.table(f"compute/{call.project}/instances")
        found = table.find(key)
        if found is not None:
            table.replace(key, {**found, **change})

    locks = frozenset({relative(stored["selfLink"])})
    job = Job(call.project, type, stored["selfLink"], SECONDS, work, locks, call.request_id)
    return backend.operations.start(job)


ONE = "projects/{project}/zones/{zone}/instances/{instance}"
METHODS = (
    Method("instances.start", "POST", f"{ONE}/start", _start),
    Method("instances.stop", "POST", f"{ONE}/stop", _stop),
    Method("instances.setTags", "POST", f"{ONE}/setTags", _set_tags),
)
