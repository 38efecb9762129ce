"""`firewalls` methods: VPC firewall rules, read and written."""

from __future__ import annotations

import re
from typing import Any

from lab.compute import check
from lab.compute.backend import Backend
from lab.compute.call import Call, Method
from lab.compute.errors import ApiError, OperationError, bad_request, exists, invalid, not_found, required
from lab.compute.links import head, last, link, network_link, part, relative
from lab.compute.operations import Job, now
from lab.compute.paging import listing
from lab.store import ExistsError, NotFoundError, Object

SECONDS = 3.0
LISTS = ("sourceTags", "targetTags", "sourceServiceAccounts", "targetServiceAccounts")
RANGES = ("sourceRanges", "destinationRanges")
OUTPUT = ("kind", "id", "creationTimestamp", "selfLink")
FIELDS = frozenset(
    {
        *LISTS,
        *RANGES,
        *OUTPUT,
        "name",
        "description",
        "network",
        "priority",
        "direction",
        "allowed",
        "denied",
        "disabled",
        "logConfig",
        "params",
    }
)
PROTOCOLS = frozenset({"tcp", "udp", "icmp", "esp", "ah", "ipip", "sctp", "all"})


def _list(backend: Backend, call: Call) -> Object:
    found = backend.all(call.project, "firewalls")
    return listing(call.project, "global/firewalls", "firewallList", found, call.query)


def _stored(backend: Backend, call: Call) -> Object:
    name = call.path["firewall"]
    return backend.get(call.project, "firewalls", name, f"global/firewalls/{name}")


def _insert(backend: Backend, call: Call) -> Object:
    given = check.body(call.body, FIELDS, "resource")
    name = check.name(given.get("name"))
    made = _whole(backend, call, given, head("firewall", call.link(f"global/firewalls/{name}"), name, now(), ""))
    path = f"projects/{call.project}/global/firewalls/{name}"
    if backend.find(call.project, "firewalls", name) is not None and not call.request_id:
        raise exists(path)

    def work() -> None:
        try:
            backend.store.table(f"compute/{call.project}/firewalls").create(name, made)
        except ExistsError as error:
            raise OperationError("RESOURCE_ALREADY_EXISTS", f"The resource '{path}' already exists") from error

    return _start(backend, call, "insert", made["selfLink"], work)


def _patch(backend: Backend, call: Call) -> Object:
    stored = _stored(backend, call)
    change = check.body(call.body, FIELDS, "resource")
    merged = {word: value for word, value in {**stored, **change}.items() if value not in (None, [])}
    return _replace(backend, call, "patch", stored, merged)


def _update(backend: Backend, call: Call) -> Object:
    stored = _stored(backend, call)
    given = check.body(call.body, FIELDS, "resource")
    return _replace(backend, call, "update", stored, {"network": stored["network"], **given})


def _replace(backend: Backend, call: Call, type: str, stored: Object, wanted: Object) -> Object:
    for word in ("name", "network", "direction"):
        if word in wanted and word in stored and last(str(wanted[word])) != last(str(stored[word])):
            raise invalid(f"resource.{word}", wanted[word], "The field cannot be changed.")
    fixed = {word: stored[word] for word in (*OUTPUT, "name")}
    made = _whole(backend, call, {**wanted, "direction": stored["direction"]}, fixed)

    def work() -> None:
        try:
            backend.store.table(f"compute/{call.project}/firewalls").replace(stored["name"], made)
        except NotFoundError as error:
            path = relative(stored["selfLink"])
            raise OperationError("RESOURCE_NOT_FOUND", f"The resource '{path}' was not found") from error

    return _start(backend, call, type, stored["selfLink"], work)


def _delete(backend: Backend, call: Call) -> Object:
    stored = _stored(backend, call)

    def work() -> None:
        table = backend.store.table(f"compute/{call.project}/firewalls")
        if stored["name"] in table:
            table.remove(stored["name"])

    return _start(backend, call, "delete", stored["selfLink"], work)


def _start(backend: Backend, call: Call, type: str, target: str, work: Any) -> Object:
    locks = frozenset({relative(target)})
    return backend.operations.start(Job(call.project, type, target, SECONDS, work, locks, call.request_id))


def _whole(backend: Backend, call: Call, given: Object, fixed: Object) -> Object:
    """The firewall that a request describes, with Google's defaults; refused when it contradicts itself."""
    network = relative(network_link(call.project, str(given.get("network") or "default")))
    if part(network, "projects") != call.project or backend.find(call.project, "networks", last(network)) is None:
        raise not_found(network)
    direction = check.choice(given.get("direction", "INGRESS"), "resource.direction", ("INGRESS", "EGRESS"))
    made: Object = {
        **fixed,
        "description": str(given.get("description", "")),
        "network": link(network),
        "priority": check.priority(given.get("priority", 1000)),
        "direction": direction,
        "disabled": check.flag(given.get("disabled", False), "resource.disabled"),
        "logConfig": _log_config(given.get("logConfig", {})),
    }
    if bool(given.get("allowed")) == bool(given.get("denied")):
        raise required("resource.allowed") if not given.get("allowed") else _both("allowed", "denied")
    side = "allowed" if given.get("allowed") else "denied"
    made[side] = [_protocol(item, f"resource.{side}") for item in check.objects(given[side], f"resource.{side}")]
    for word in RANGES:
        if found := check.texts(given.get(word, []), f"resource.{word}"):
            made[word] = [_written(cidr, f"resource.{word}") for cidr in found]
    for word in LISTS:
        if found := check.texts(given.get(word, []), f"resource.{word}"):
            made[word] = found
    _consistent(made, direction)
    return made


def _consistent(made: Object, direction: str) -> None:
    tags = "sourceTags" in made or "targetTags" in made
    accounts = "sourceServiceAccounts" in made or "targetServiceAccounts" in made
    if tags and accounts:
        raise _both("tags", "service accounts")
    if direction == "EGRESS":
        for word in ("sourceTags", "sourceServiceAccounts"):
            if word in made:
                raise invalid(f"resource.{word}", made[word], "It can be set for INGRESS only.")
        if "destinationRanges" not in made and "sourceRanges" not in made:
            made["destinationRanges"] = ["0.0.0.0/0"]
    elif not any(word in made for word in ("sourceRanges", "sourceTags", "sourceServiceAccounts", "destinationRanges")):
        made["sourceRanges"] = ["0.0.0.0/0"]


def _both(one: str, other: str) -> ApiError:
    return bad_request(f"Invalid value for field 'resource': {one} and {other} cannot be specified together.")


def _log_config(given: object) -> Object:
    if not isinstance(given, dict):
        raise bad_request("Invalid value at 'resource.logConfig'")
    check.body(given, ("enable", "metadata"), "resource.log_config")
    found: Object = {"enable": check.flag(given.get("enable", False), "resource.logConfig.enable")}
    if "metadata" in given:
        known = ("EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA")
        found["metadata"] = check.choice(given["metadata"], "resource.logConfig.metadata", known)
    return found


def _written(given: str, field: str) -> str:
    found = check.cidr(given, field)
    return str(found) if "/" in given else given


def _protocol(item: Object, field: str) -> Object:
    check.body(item, ("IPProtocol", "ports"), field)
    protocol = item.get("IPProtocol")
    if not isinstance(protocol, str):
        raise required(f"{field}.IPProtocol")
    number = protocol.isascii() and protocol.isdigit() and int(protocol) <= 255
    if protocol.lower() not in PROTOCOLS and not number:
        raise invalid(f"{field}.IPProtocol", protocol, "Unknown protocol.")
    found: Object = {"IPProtocol": protocol.lower()}
    if ports := check.texts(item.get("ports", []), f"{field}.ports"):
        if protocol.lower() not in ("tcp", "udp", "sctp", "6", "17", "132"):
            raise invalid(f"{field}.ports", ports[0], f"Ports are not allowed for protocol {protocol}.")
        for port in ports:
            match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", port, re.ASCII)
            if not match or not int(match[1]) <= int(match[2] or match[1]) <= 65535:
                raise invalid(f"{field}.ports", port, "Ports must be numbers or ranges from 0 to 65535.")
        found["ports"] = ports
    return found


MANY = "projects/{project}/global/firewalls"
ONE = f"{MANY}/{{firewall}}"
METHODS = (
    Method("firewalls.list", "GET", MANY, _list),
    Method("firewalls.get", "GET", ONE, _stored),
    Method("firewalls.insert", "POST", MANY, _insert, "compute.firewalls.create"),
    Method("firewalls.patch", "PATCH", ONE, _patch, "compute.firewalls.update"),
    Method("firewalls.update", "PUT", ONE, _update),
    Method("firewalls.delete", "DELETE", ONE, _delete),
)
