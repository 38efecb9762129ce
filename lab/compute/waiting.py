"""`globalOperations`, `regionOperations` and `zoneOperations` methods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lab.compute.backend import Backend
from lab.compute.call import Call, Method
from lab.compute.paging import aggregated, listing
from lab.store import Object


def _scope(call: Call) -> str:
    for kind in ("region", "zone"):
        if kind in call.path:
            return f"{kind}s/{call.path[kind]}"
    return "global"


def _get(backend: Backend, call: Call) -> Object:
    return backend.operations.get(call.project, _scope(call), call.path["operation"])


def _wait(backend: Backend, call: Call) -> Awaitable[Object]:
    return backend.operations.wait(call.project, _scope(call), call.path["operation"])


def _delete(backend: Backend, call: Call) -> None:
    backend.operations.delete(call.project, _scope(call), call.path["operation"])


def _lists(collection: str) -> Callable[[Backend, Call], Object]:
    def handler(backend: Backend, call: Call) -> Object:
        scope = _scope(call)
        found = backend.all(call.project, collection)
        if scope != "global":
            found = [item for item in found if f"/{scope}/" in item["selfLink"]]
        return listing(call.project, f"{scope}/operations", "operationList", found, call.query)

    return handler


def _aggregated(backend: Backend, call: Call) -> Object:
    found = [
        item
        for collection in ("globalOperations", "regionOperations", "zoneOperations")
        for item in backend.all(call.project, collection)
    ]
    scopes = ["global", *backend.scopes("regions"), *backend.scopes("zones")]
    return aggregated(call.project, "operations", "operationAggregatedList", found, scopes, call.query)


def _collection(name: str, scope: str) -> tuple[Method, ...]:
    many = f"projects/{{project}}/{scope}/operations"
    one = f"{many}/{{operation}}"
    return (
        Method(f"{name}.list", "GET", many, _lists(name)),
        Method(f"{name}.get", "GET", one, _get),
        Method(f"{name}.wait", "POST", f"{one}/wait", _wait, f"compute.{name}.get"),
        Method(f"{name}.delete", "DELETE", one, _delete),
    )


METHODS = (
    *_collection("globalOperations", "global"),
    *_collection("regionOperations", "regions/{region}"),
    *_collection("zoneOperations", "zones/{zone}"),
    Method(
        "globalOperations.aggregatedList",
        "GET",
        "projects/{project}/aggregated/operations",
        _aggregated,
        "compute.globalOperations.list",
    ),
)
