"""Create, update, patch and delete by the rules that all kinds share: versions, preconditions, dry run, finalizers."""

from __future__ import annotations

import copy
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.kube import defaults, kinds, managed, schema, validate
from lab.kube.addresses import allocate_service
from lab.kube.cache import Cache
from lab.kube.entry import Entry
from lab.kube.kinds import Kind
from lab.kube.status import StatusError, bad_request, conflict, exists, forbidden, invalid, not_found
from lab.kube.times import now
from lab.store import Store

Object = dict[str, Any]

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_KEPT_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_SERVER_META = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
_WITH_STATUS = tuple(kind for kind in kinds.STORED if "status" in kind.subresources)
_GENERATIONS = (kinds.DAEMONSETS, kinds.NETWORK_POLICIES, kinds.EGRESS_NAT_POLICIES)


@dataclass
class Options:
    """What a write's query says: `strict` refuses unknown fields, `manager` is who writes."""

    dry_run: bool = False
    strict: bool = False
    warn: bool = True
    manager: str = "unknown"
    force: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Address:
    """One object's address: its kind, namespace ("" for cluster-scoped kinds) and name."""

    kind: Kind
    namespace: str
    name: str

    @property
    def key(self) -> str:
        """The store's key."""
        return self.kind.key(self.namespace, self.name)


class Registry:
    """Writes to the store as the API server writes."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._store = store
        self._cache = cache

    def get(self, at: Address) -> Entry:
        """The object's newest version; 404 when there is none."""
        entry = self._cache.find(at.kind, at.key)
        if entry is None:
            raise not_found(at.kind, at.name)
        return entry

    def peek(self, at: Address) -> Entry | None:
        """The object's newest version, or None."""
        return self._cache.find(at.kind, at.key)

    def create(
        self, kind: Kind, namespace: str, body: Object, options: Options, *, operation: str = "Update"
    ) -> Object:
        """Add an object and return it as it now is."""
        thing = self.decode(kind, body, options)
        applied = [managed.new_entry(thing, options.manager, kind)] if operation == "Apply" else None
        meta = thing.setdefault("metadata", {})
        if meta.get("resourceVersion") not in (None, "", "0"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        self._settle_namespace(kind, namespace, meta)
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"][:58] + "".join(secrets.choice(_LETTERS) for _ in range(5))
        for name in ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"):
            meta.pop(name, None)
        meta["uid"], meta["creationTimestamp"] = str(uuid.uuid4()), now()
        if kind in _GENERATIONS:
            meta["generation"] = 1
        if kind in _WITH_STATUS and kind is not kinds.NODES:
            thing.pop("status", None)
        defaults.apply(kind, thing)
        name = meta.get("name", "")
        if causes := validate.problems(kind, thing):
            raise invalid(kind, name, causes)
        self._namespace_open(kind, namespace, name)
        at = Address(kind, namespace, name)
        if self._cache.find(kind, at.key) is not None:
            raise exists(kind, name)
        if kind is kinds.SERVICES:
            allocate_service(self._store, self._cache, thing)
        if kind is kinds.PODS:
            thing["status"] = {"phase": "Pending", "qosClass": defaults.qos(thing["spec"])}
        if kind is kinds.DAEMONSETS:
            meta.setdefault("annotations", {})["deprecated.daemonset.template.generation"] = "1"
            thing["status"] = dict.fromkeys(_DAEMONSET_NUMBERS, 0)
        if applied:
            meta["managedFields"] = applied
        else:
            managed.updated(thing, {}, options.manager, kind)
        if options.dry_run:
            return _shown(kind, thing)
        self._store.table(kind.table).create(at.key, thing)
        return self.get(at).view

    def update(self, at: Address, body: Object, options: Options, subresource: str = "") -> Object:
        """Replace an object (or its status) and return it as it now is."""
        entry = self.get(at)
        return self._replace(at, entry, self.decode(at.kind, body, options), options, subresource)

    def change(self, at: Address, edit: Callable[[Object], Object], options: Options, subresource: str = "") -> Object:
        """Apply `edit` to a copy of the object as clients see it, and store what comes out."""
        entry = self.get(at)
        before = copy.deepcopy(entry.view)
        body = edit(before)
        if not isinstance(body, dict):
            raise bad_request("the patch does not leave an object")
        return self._replace(at, entry, self.decode(at.kind, body, options), options, subresource)

    def replace_raw(self, at: Address, entry: Entry, thing: Object, *, dry_run: bool) -> Object:
        """Store `thing` (already decoded and checked) in place of `entry`."""
        meta = thing["metadata"]
        meta.pop("resourceVersion", None)
        if (
            meta.get("deletionTimestamp")
            and not meta.get("finalizers")
            and at.kind is not kinds.PODS
            and at.kind is not kinds.NAMESPACES
        ):
            if not dry_run:
                self._store.table(at.kind.table).remove(at.key)
            return _shown(at.kind, thing, entry.version)
        if dry_run:
            return _shown(at.kind, thing, entry.version)
        for name in ("kind", "apiVersion"):
            thing.pop(name, None)
        stored = {**_head(at.kind), **thing}
        if _same(stored, entry):
            return entry.view
        self._store.table(at.kind.table).replace(at.key, stored)
        return self.get(at).view

    def _replace(self, at: Address, entry: Entry, thing: Object, options: Options, subresource: str) -> Object:
        thing = self._prepared(at, entry, thing, subresource)
        managed.updated(thing, entry.view, options.manager, at.kind, subresource)
        return self.replace_raw(at, entry, thing, dry_run=options.dry_run)

    def settle(self, at: Address, entry: Entry, thing: Object, options: Options, subresource: str) -> Object:
        """Store `thing` over `entry` by the rules of an update, with the managedFields that it carries."""
        held = thing["metadata"].get("managedFields")
        thing = self._prepared(at, entry, thing, subresource)
        thing["metadata"]["managedFields"] = held
        return self.replace_raw(at, entry, thing, dry_run=options.dry_run)

    def _prepared(self, at: Address, entry: Entry, thing: Object, subresource: str) -> Object:
        """`thing` as it may follow `entry`; 400, 409 or 422 when it may not."""
        meta, old = thing.setdefault("metadata", {}), entry.view
        was = old["metadata"]
        if meta.get("name", at.name) != at.name:
            raise bad_request(
                f"the name of the object ({meta.get('name')}) does not match the name on the URL ({at.name})"
            )
        self._settle_namespace(at.kind, at.namespace, meta)
        if meta.get("uid") and meta["uid"] != was["uid"]:
            why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {was['uid']}"
            raise conflict(at.kind, at.name, why)
        if meta.get("resourceVersion") not in (None, "", "0", was["resourceVersion"]):
            raise conflict(at.kind, at.name)
        meta["name"] = at.name
        for name in _SERVER_META:
            meta.pop(name, None)
            if name in was:
                meta[name] = was[name]
        meta.pop("resourceVersion", None)
        if subresource == "status":
            thing = {**copy.deepcopy(old), "status": thing.get("status") or {}}
            thing["metadata"].pop("resourceVersion", None)
        elif subresource == "ephemeralcontainers":
            spec = {
                **old.get("spec", {}),
                "ephemeralContainers": (thing.get("spec") or {}).get("ephemeralContainers", []),
            }
            thing = {**copy.deepcopy(old), "spec": spec}
            thing["metadata"].pop("resourceVersion", None)
        elif at.kind in _WITH_STATUS:
            thing.pop("status", None)
            if "status" in old:
                thing["status"] = copy.deepcopy(old["status"])
        if at.kind is kinds.SERVICES:
            self._keep_addresses(thing, old)
        defaults.apply(at.kind, thing)
        filled = copy.deepcopy(old)
        defaults.apply(at.kind, filled)
        if causes := validate.update_problems(at.kind, thing, filled):
            raise invalid(at.kind, at.name, causes)
        if at.kind in _GENERATIONS and thing.get("spec") != old.get("spec"):
            thing["metadata"]["generation"] = was.get("generation", 1) + 1
        if at.kind is kinds.DAEMONSETS:
            _template_generation(thing, old)
        return thing

    def delete(self, at: Address, wish: Object, *, dry_run: bool = False) -> Object:
        """Delete as DeleteOptions `wish` says; returns the object, or a Status where the API returns one."""
        entry = self.get(at)
        self._preconditions(at, entry, wish.get("preconditions") or {})
        if at.kind is kinds.NAMESPACES:
            return self._delete_namespace(at, entry, dry_run=dry_run)
        policy = wish.get("propagationPolicy") or ("Orphan" if wish.get("orphanDependents") else "Background")
        if policy not in ("Orphan", "Background", "Foreground"):
            raise StatusError(
                422,
                "Invalid",
                f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "{policy}": '
                "must be one of Foreground, Background, Orphan",
            )
        thing = copy.deepcopy(entry.view)
        meta = thing["metadata"]
        finalizers = list(meta.get("finalizers") or ())
        if at.kind is kinds.DAEMONSETS and policy != "Background":
            finalizers += [_FINALIZERS[policy]] if _FINALIZERS[policy] not in finalizers else []
        grace = self._grace(at.kind, thing, wish.get("gracePeriodSeconds"))
        if not finalizers and not grace:
            if not dry_run:
                self._store.table(at.kind.table).remove(at.key)
        else:
            self._mark(meta, grace if at.kind is kinds.PODS else 0)
            if finalizers:
                meta["finalizers"] = finalizers
            thing = self.replace_marked(at, entry, thing, dry_run=dry_run)
        return thing if at.kind in _RETURNED else _success(at.kind, at.name, entry.uid)

    def replace_marked(self, at: Address, entry: Entry, thing: Object, *, dry_run: bool) -> Object:
        """Store an object that is on its way out."""
        if dry_run:
            return _shown(at.kind, thing, entry.version)
        stored = copy.deepcopy(thing)
        stored["metadata"].pop("resourceVersion", None)
        if not _same(stored, entry):
            self._store.table(at.kind.table).replace(at.key, stored)
        return self.get(at).view

    def _mark(self, meta: Object, grace: int) -> None:
        until = datetime.now(UTC) + timedelta(seconds=grace)
        if "deletionTimestamp" not in meta or grace < meta.get("deletionGracePeriodSeconds", 0):
            meta["deletionTimestamp"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
            meta["deletionGracePeriodSeconds"] = grace

    def _grace(self, kind: Kind, thing: Object, asked: Any) -> int:
        if kind is not kinds.PODS:
            return 0
        spec, status = thing.get("spec") or {}, thing.get("status") or {}
        if asked is not None and (not isinstance(asked, int) or asked < 0):
            return 1
        if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
            return 0
        return int(spec.get("terminationGracePeriodSeconds", 30) if asked is None else asked)

    def _delete_namespace(self, at: Address, entry: Entry, *, dry_run: bool) -> Object:
        if at.name in _KEPT_NAMESPACES[:3]:
            raise forbidden(at.kind, at.name, "this namespace may not be deleted")
        thing = copy.deepcopy(entry.view)
        self._mark(thing["metadata"], 0)
        thing["metadata"].pop("deletionGracePeriodSeconds", None)
        thing.setdefault("status", {})["phase"] = "Terminating"
        return self.replace_marked(at, entry, thing, dry_run=dry_run)

    def _preconditions(self, at: Address, entry: Entry, wanted: Object) -> None:
        meta = entry.view["metadata"]
        for name, said, word in (("uid", "UID", "UID"), ("resourceVersion", "ResourceVersion", "ResourceVersion")):
            if wanted.get(name) and wanted[name] != meta[name]:
                why = (
                    f"Precondition failed: {said} in precondition: {wanted[name]}, {word} in object meta: {meta[name]}"
                )
                raise conflict(at.kind, at.name, why)

    def decode(self, kind: Kind, body: Object, options: Options) -> Object:
        """A request's body as an object of `kind`; 400 when it is none."""
        given, api_version = body.get("kind"), body.get("apiVersion")
        if given not in (None, "", kind.kind):
            raise bad_request(
                f'{given} in version "{api_version}" cannot be handled as a {kind.kind}: no kind "{given}" is '
                f'registered for version "{kind.api_version}" at this address'
            )
        if api_version not in (None, "", kind.api_version):
            raise bad_request(
                f"the API version in the data ({api_version}) does not match the expected API version "
                f"({kind.api_version})"
            )
        decoded = schema.read(kind, body)
        if decoded.unknown:
            said = [f'unknown field "{path}"' for path in decoded.unknown]
            if options.strict:
                raise bad_request(
                    f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: strict decoding '
                    f"error: {', '.join(said)}"
                )
            if options.warn:
                options.warnings += said
        return {**_head(kind), **decoded.value}

    def _settle_namespace(self, kind: Kind, namespace: str, meta: Object) -> None:
        given = meta.get("namespace", "")
        if not kind.namespaced:
            meta.pop("namespace", None)
            return
        if given not in ("", namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        meta["namespace"] = namespace

    def _namespace_open(self, kind: Kind, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        entry = self._cache.find(kinds.NAMESPACES, namespace)
        if entry is None:
            raise not_found(kinds.NAMESPACES, namespace)
        if (entry.object.get("status") or {}).get("phase") == "Terminating" and kind is not kinds.EVENTS:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise forbidden(kind, name, why)

    def _keep_addresses(self, thing: Object, old: Object) -> None:
        spec, was = thing.setdefault("spec", {}), old.get("spec") or {}
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if name in was and not spec.get(name):
                spec[name] = was[name]


_DAEMONSET_NUMBERS = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}
_RETURNED = (kinds.PODS, kinds.SERVICES, kinds.NAMESPACES, kinds.SERVICE_ACCOUNTS)


def _template_generation(thing: Object, old: Object) -> None:
    """Count a DaemonSet's templates, so that its pods can be told old from new."""
    name = "deprecated.daemonset.template.generation"
    notes = thing["metadata"].setdefault("annotations", {})
    was = (old["metadata"].get("annotations") or {}).get(name, "1")
    same = (thing.get("spec") or {}).get("template") == (old.get("spec") or {}).get("template")
    notes[name] = was if same or not was.isdigit() else str(int(was) + 1)


def _head(kind: Kind) -> Object:
    return {"kind": kind.kind, "apiVersion": kind.api_version}


def _same(stored: Object, entry: Entry) -> bool:
    """Would storing change nothing? Then the version stays, as in etcd."""
    view = copy.copy(entry.view)
    view["metadata"] = {name: value for name, value in view["metadata"].items() if name != "resourceVersion"}
    return stored == view


def _shown(kind: Kind, thing: Object, version: int | None = None) -> Object:
    """An object that a dry run would have stored."""
    shown = {**_head(kind), **{name: value for name, value in thing.items() if name not in ("kind", "apiVersion")}}
    if version is not None:
        shown["metadata"] = {**shown["metadata"], "resourceVersion": str(version)}
    return shown


def _success(kind: Kind, name: str, uid: str) -> Object:
    group = {"group": kind.group} if kind.group else {}
    details = {"name": name, **group, "kind": kind.plural, "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
