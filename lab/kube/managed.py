"""Who owns which field (metadata.managedFields), and server-side apply on top of it.

(Kubernetes documentation, "Server-Side Apply": a field belongs to whoever set it last; apply conflicts with other
owners unless forced, and takes away what its manager applied before and no longer does.)
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from lab.kube import fieldsets
from lab.kube.fieldsets import Path
from lab.kube.kinds import Kind
from lab.kube.status import StatusError, bad_request
from lab.kube.times import now

if TYPE_CHECKING:
    from lab.kube.registry import Address, Options, Registry

Object = dict[str, Any]
Entry = dict[str, Any]

_LONGEST = 128


def updated(thing: Object, old: Object, manager: str, kind: Kind, subresource: str = "") -> None:
    """Note in `thing` that `manager` changed `old` into it, by create, update or patch."""
    was, is_now = fieldsets.owned(old, kind.type) if old else {}, fieldsets.owned(thing, kind.type)
    changed = {path for path, value in is_now.items() if path not in was or was[path] != value}
    gone = {path for path in was if path not in is_now}
    held = [copy.deepcopy(entry) for entry in (old.get("metadata") or {}).get("managedFields") or ()]
    if old and not held:
        thing["metadata"].pop("managedFields", None)
        return
    if changed or gone:
        name = manager[:_LONGEST] or "unknown"
        mine = _take(held, name, "Update", subresource)
        _give_up(held, changed | gone)
        fields = (fieldsets.decode(mine["fieldsV1"]) if mine else set()) - gone | changed
        if fields:
            held.append(_entry(name, "Update", kind, fields, subresource))
    thing["metadata"]["managedFields"] = held
    if not held:
        del thing["metadata"]["managedFields"]


def applied(registry: Registry, at: Address, config: Any, options: Options, subresource: str) -> tuple[Object, int]:
    """Server-side apply of `config`; the object as it now is, and 201 when it is new, else 200."""
    if not isinstance(config, dict):
        raise bad_request("error decoding YAML: the patch is not an object")
    if (config.get("metadata") or {}).get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    if options.manager in ("", "unknown"):
        raise _invalid("fieldManager: Required value: is required for apply patch")
    if not config.get("kind") or not config.get("apiVersion"):
        raise bad_request("error decoding YAML: apiVersion and kind must be set")
    entry = registry.peek(at)
    if entry is None:
        config.setdefault("metadata", {}).setdefault("name", at.name)
        if config["metadata"]["name"] != at.name:
            given = config["metadata"]["name"]
            raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({at.name})")
        return registry.create(at.kind, at.namespace, config, options, operation="Apply"), 201
    wanted = registry.decode(at.kind, config, options)
    live = copy.deepcopy(entry.view)
    held = list(live["metadata"].get("managedFields") or ())
    ours = fieldsets.owned(wanted, at.kind.type)
    _resolve(held, ours, fieldsets.owned(live, at.kind.type), options)
    mine = _take(held, options.manager, "Apply", subresource)
    others = {path for each in held for path in fieldsets.decode(each.get("fieldsV1"))}
    for path in sorted(fieldsets.decode(mine["fieldsV1"]) if mine else (), reverse=True):
        if path not in ours and path not in others:
            fieldsets.remove(live, path[:-1] if path[-1] == "." else path)
    merged = fieldsets.merge(live, {name: each for name, each in wanted.items() if name != "metadata"}, at.kind.type)
    wishes = {name: each for name, each in (wanted.get("metadata") or {}).items() if name != "managedFields"}
    merged["metadata"] = fieldsets.merge(live["metadata"], wishes, "ObjectMeta")
    if mine and fieldsets.decode(mine["fieldsV1"]) == set(ours):
        held.append(mine)
    else:
        held.append(_entry(options.manager, "Apply", at.kind, set(ours), subresource))
    merged["metadata"]["managedFields"] = held
    return registry.settle(at, entry, merged, options, subresource), 200


def new_entry(thing: Object, manager: str, kind: Kind) -> Entry:
    """The entry of a manager that applied `thing` as a new object."""
    return _entry(manager, "Apply", kind, set(fieldsets.owned(thing, kind.type)), "")


def _resolve(held: list[Entry], ours: dict[Path, Any], live: dict[Path, Any], options: Options) -> None:
    """Conflict with the other owners of fields that would change, or take the fields from them."""
    differing = {path for path, value in ours.items() if path[-1] != "." and live.get(path) != value}
    causes = []
    for each in held:
        if each.get("manager") == options.manager and each.get("operation") == "Apply":
            continue
        for path in sorted(fieldsets.decode(each.get("fieldsV1")) & differing):
            field = "".join(_shown(step) for step in path)
            message = f'conflict with "{each.get("manager")}" using {each.get("apiVersion")}'
            causes.append({"reason": "FieldManagerConflict", "message": message, "field": field})
    if causes and not options.force:
        count = "1 conflict" if len(causes) == 1 else f"{len(causes)} conflicts"
        said = (
            f"{causes[0]['message']}: {causes[0]['field']}"
            if len(causes) == 1
            else "conflicts " + "\n".join(f"{each['message'][9:]}:\n- {each['field']}" for each in causes)
        )
        raise StatusError(409, "Conflict", f"Apply failed with {count}: {said}", {"causes": causes})
    _give_up(
        [each for each in held if each.get("operation") != "Apply" or each["manager"] != options.manager], differing
    )
    held[:] = [each for each in held if fieldsets.decode(each.get("fieldsV1"))]


def _shown(step: str) -> str:
    word, _, rest = step.partition(":")
    return f".{rest}" if word == "f" else f"[{rest.strip('{}')}]"


def _take(held: list[Entry], manager: str, operation: str, subresource: str) -> Entry | None:
    """Take the manager's own entry out of `held`."""
    for number, each in enumerate(held):
        if (each.get("manager"), each.get("operation"), each.get("subresource", "")) == (
            manager,
            operation,
            subresource,
        ):
            return held.pop(number)
    return None


def _give_up(held: list[Entry], paths: set[Path]) -> None:
    """Take `paths` from everybody in `held`."""
    for each in held:
        each["fieldsV1"] = fieldsets.encode(fieldsets.decode(each.get("fieldsV1")) - paths)
    held[:] = [each for each in held if each["fieldsV1"]]


def _entry(manager: str, operation: str, kind: Kind, paths: set[Path], subresource: str) -> Entry:
    entry = {
        "manager": manager,
        "operation": operation,
        "apiVersion": kind.api_version,
        "time": now(),
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.encode(paths),
    }
    return {**entry, "subresource": subresource} if subresource else entry


def _invalid(message: str) -> StatusError:
    return StatusError(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {message}')
