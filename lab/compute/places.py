"""Methods of projects, places, and the collections that are only read: subnetworks, instances, forwarding rules,
routers."""

from __future__ import annotations

from lab.compute.backend import Backend
from lab.compute.call import Call, Handler, Method
from lab.compute.errors import not_found
from lab.compute.links import CREATED, head, number, project_link
from lab.compute.paging import aggregated, listing
from lab.store import Object


def _project(backend: Backend, call: Call) -> Object:
    name = call.project
    quotas = [
        ("NETWORKS", 15.0, "networks"),
        ("FIREWALLS", 200.0, "firewalls"),
        ("ROUTES", 250.0, "routes"),
        ("SUBNETWORKS", 175.0, "subnetworks"),
        ("ROUTERS", 20.0, "routers"),
    ]
    return {
        **head("project", project_link(name, "").rstrip("/"), name, CREATED, ""),
        "commonInstanceMetadata": {"kind": "compute#metadata", "fingerprint": "AAAAAAAAAAA="},
        "quotas": [
            {"metric": metric, "limit": limit, "usage": float(len(backend.all(name, collection)))}
            for metric, limit, collection in quotas
        ],
        "defaultServiceAccount": f"{number(name)[:12]}-compute@developer.gserviceaccount.com",
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
        "defaultNetworkTier": "PREMIUM",
        "vmDnsSetting": "ZONAL_ONLY",
    }


def _region(backend: Backend, project: str, name: str) -> Object:
    used = [item for item in backend.all(project, "instances") if f"/zones/{name}-" in item["zone"]]
    return {
        **head("region", project_link(project, f"regions/{name}"), name, CREATED, name),
        "status": "UP",
        "zones": [project_link(project, f"zones/{zone}") for zone in backend.regions()[name]],
        "quotas": [
            {"metric": "CPUS", "limit": 72.0, "usage": 2.0 * len(used)},
            {"metric": "DISKS_TOTAL_GB", "limit": 40960.0, "usage": 20.0 * len(used)},
            {"metric": "STATIC_ADDRESSES", "limit": 8.0, "usage": 0.0},
            {"metric": "IN_USE_ADDRESSES", "limit": 8.0, "usage": 0.0},
        ],
        "supportsPzs": False,
    }


def _zone(project: str, region: str, name: str) -> Object:
    return {
        **head("zone", project_link(project, f"zones/{name}"), name, CREATED, name),
        "status": "UP",
        "region": project_link(project, f"regions/{region}"),
        "supportsPzs": False,
    }


def _regions_list(backend: Backend, call: Call) -> Object:
    found = [_region(backend, call.project, name) for name in backend.regions()]
    return listing(call.project, "regions", "regionList", found, call.query)


def _regions_get(backend: Backend, call: Call) -> Object:
    _check_place(backend, call)
    return _region(backend, call.project, call.path["region"])


def _zones_list(backend: Backend, call: Call) -> Object:
    found = [_zone(call.project, region, zone) for region, zones in backend.regions().items() for zone in zones]
    return listing(call.project, "zones", "zoneList", found, call.query)


def _zones_get(backend: Backend, call: Call) -> Object:
    _check_place(backend, call)
    return _zone(call.project, call.path["zone"].rsplit("-", 1)[0], call.path["zone"])


def _check_place(backend: Backend, call: Call) -> None:
    for kind in ("regions", "zones"):
        place = call.path.get(kind[:-1])
        if place is not None and f"{kind}/{place}" not in backend.scopes(kind):
            raise not_found(f"projects/{call.project}/{kind}/{place}")


def _lists(collection: str, kind: str, scope: str) -> Handler:
    def handler(backend: Backend, call: Call) -> Object:
        _check_place(backend, call)
        place = call.path[scope]
        here = f"/{scope}s/{place}/"
        found = [item for item in backend.all(call.project, collection) if here in item["selfLink"]]
        return listing(call.project, f"{scope}s/{place}/{collection}", f"{kind}List", found, call.query)

    return handler


def _gets(collection: str, kind: str, scope: str) -> Handler:
    def handler(backend: Backend, call: Call) -> Object:
        place, name = call.path[scope], call.path[kind]
        return backend.get(call.project, collection, f"{place}/{name}", f"{scope}s/{place}/{collection}/{name}")

    return handler


def _aggregates(collection: str, kind: str, scope: str, more: str = "") -> Handler:
    def handler(backend: Backend, call: Call) -> Object:
        found = list(backend.all(call.project, collection))
        scopes = backend.scopes(f"{scope}s")
        if more:
            found += backend.all(call.project, more)
            scopes = ["global", *scopes]
        return aggregated(call.project, collection, f"{kind}AggregatedList", found, scopes, call.query)

    return handler


def _global_rules(backend: Backend, call: Call) -> Object:
    found = backend.all(call.project, "globalForwardingRules")
    return listing(call.project, "global/forwardingRules", "forwardingRuleList", found, call.query)


def _global_rule(backend: Backend, call: Call) -> Object:
    name = call.path["forwardingRule"]
    return backend.get(call.project, "globalForwardingRules", name, f"global/forwardingRules/{name}")


def _router_status(backend: Backend, call: Call) -> Object:
    region, name = call.path["region"], call.path["router"]
    router = backend.get(call.project, "routers", f"{region}/{name}", f"regions/{region}/routers/{name}")
    found = backend.find(call.project, "routerStatus", f"{region}/{name}")
    return found or {"kind": "compute#routerStatusResponse", "result": {"network": router["network"]}}


def _collection(collection: str, kind: str, scope: str, more: str = "") -> tuple[Method, ...]:
    many = f"projects/{{project}}/{scope}s/{{{scope}}}/{collection}"
    every = f"projects/{{project}}/aggregated/{collection}"
    permission = f"compute.{collection}.list"
    return (
        Method(f"{collection}.list", "GET", many, _lists(collection, kind, scope)),
        Method(f"{collection}.get", "GET", f"{many}/{{{kind}}}", _gets(collection, kind, scope)),
        Method(f"{collection}.aggregatedList", "GET", every, _aggregates(collection, kind, scope, more), permission),
    )


METHODS = (
    Method("projects.get", "GET", "projects/{project}", _project),
    Method("regions.list", "GET", "projects/{project}/regions", _regions_list),
    Method("regions.get", "GET", "projects/{project}/regions/{region}", _regions_get),
    Method("zones.list", "GET", "projects/{project}/zones", _zones_list),
    Method("zones.get", "GET", "projects/{project}/zones/{zone}", _zones_get),
    *_collection("subnetworks", "subnetwork", "region"),
    *_collection("instances", "instance", "zone"),
    *_collection("forwardingRules", "forwardingRule", "region", "globalForwardingRules"),
    *_collection("routers", "router", "region"),
    Method("globalForwardingRules.list", "GET", "projects/{project}/global/forwardingRules", _global_rules),
    Method(
        "globalForwardingRules.get", "GET", "projects/{project}/global/forwardingRules/{forwardingRule}", _global_rule
    ),
    Method(
        "routers.getRouterStatus",
        "GET",
        "projects/{project}/regions/{region}/routers/{router}/getRouterStatus",
        _router_status,
        "compute.routers.get",
    ),
)
