"""Server-side tables: what `kubectl get` prints, column for column as the API server computes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lab.kube import kinds
from lab.kube.kinds import Kind
from lab.kube.podstate import pod_row
from lab.kube.times import NEVER, age

Object = dict[str, Any]
Cells = list[Any]

NONE = "<none>"


@dataclass(frozen=True)
class Column:
    """A column: its name, JSON type, and `wide` when only `-o wide` shows it."""

    name: str
    type: str = "string"
    wide: bool = False

    def definition(self) -> Object:
        """The column as a Table declares it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" else "",
            "description": _DESCRIPTIONS.get(self.name, ""),
            "priority": 1 if self.wide else 0,
        }


_DESCRIPTIONS = {
    "Name": "Name must be unique within a namespace.",
    "Age": "CreationTimestamp is a timestamp representing the server time when this object was created.",
}


def _name(thing: Object) -> str:
    return str(thing["metadata"].get("name", ""))


def _age(thing: Object) -> str:
    return age(thing["metadata"].get("creationTimestamp"))


def _joined(pairs: Object | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((pairs or {}).items())) or NONE


def _node(thing: Object) -> Cells:
    spec, status = thing.get("spec") or {}, thing.get("status") or {}
    ready = next((each.get("status") for each in status.get("conditions") or () if each.get("type") == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready == "True" else "NotReady"]
    if spec.get("unschedulable"):
        words.append("SchedulingDisabled")
    prefix = "node-role.kubernetes.io/"
    labels = thing["metadata"].get("labels") or {}
    roles = sorted(key[len(prefix) :] for key in labels if key.startswith(prefix) and len(key) > len(prefix))
    if role := labels.get("kubernetes.io/role"):
        roles.append(role)
    info = status.get("nodeInfo") or {}
    addresses = status.get("addresses") or ()
    return [
        _name(thing),
        ",".join(words),
        ",".join(roles) or NONE,
        _age(thing),
        info.get("kubeletVersion", ""),
        next((each["address"] for each in addresses if each.get("type") == "InternalIP"), NONE),
        next((each["address"] for each in addresses if each.get("type") == "ExternalIP"), NONE),
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _daemonset(thing: Object) -> Cells:
    spec, status = thing.get("spec") or {}, thing.get("status") or {}
    template = (spec.get("template") or {}).get("spec") or {}
    containers = template.get("containers") or ()
    return [
        _name(thing),
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        _joined(template.get("nodeSelector")),
        _age(thing),
        ",".join(each.get("name", "") for each in containers),
        ",".join(each.get("image", "") for each in containers),
        _selector(spec.get("selector")),
    ]


def _selector(selector: Object | None) -> str:
    """A LabelSelector as kubectl writes it: `<none>` for an empty one, which matches everything."""
    selector = selector or {}
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for each in selector.get("matchExpressions") or ():
        key, operator = each.get("key", ""), each.get("operator", "")
        if operator in ("In", "NotIn"):
            parts.append(f"{key} {operator.lower()} ({','.join(each.get('values') or ())})")
        else:
            parts.append(f"!{key}" if operator == "DoesNotExist" else key)
    return ",".join(parts) or NONE


def _configmap(thing: Object) -> Cells:
    return [_name(thing), len(thing.get("data") or ()) + len(thing.get("binaryData") or ()), _age(thing)]


def _service(thing: Object) -> Cells:
    spec, status = thing.get("spec") or {}, thing.get("status") or {}
    kind = spec.get("type", "ClusterIP")
    external = list(spec.get("externalIPs") or ())
    if kind == "LoadBalancer":
        ingress = (status.get("loadBalancer") or {}).get("ingress") or ()
        external = [each.get("ip") or each.get("hostname", "") for each in ingress] + external
        shown = ",".join(external) or "<pending>"
    elif kind == "ExternalName":
        shown = spec.get("externalName", "")
    else:
        shown = ",".join(external) or NONE
    ports = [
        f"{port.get('port')}:{port['nodePort']}/{port.get('protocol', 'TCP')}"
        if port.get("nodePort")
        else f"{port.get('port')}/{port.get('protocol', 'TCP')}"
        for port in spec.get("ports") or ()
    ]
    return [
        _name(thing),
        kind,
        spec.get("clusterIP") or NONE,
        shown,
        ",".join(ports) or NONE,
        _age(thing),
        _joined(spec.get("selector")),
    ]


def _policy(thing: Object) -> Cells:
    return [_name(thing), _selector((thing.get("spec") or {}).get("podSelector")), _age(thing)]


def _namespace(thing: Object) -> Cells:
    return [_name(thing), (thing.get("status") or {}).get("phase", ""), _age(thing)]


def _event(thing: Object) -> Cells:
    about = thing.get("involvedObject") or {}
    series = thing.get("series") or {}
    first = thing.get("firstTimestamp") or thing.get("eventTime")
    last = series.get("lastObservedTime") or thing.get("lastTimestamp") or first
    source = thing.get("source") or {}
    where = [
        source.get("component") or thing.get("reportingComponent") or "",
        source.get("host") or thing.get("reportingInstance") or "",
    ]
    return [
        age(last) if last else NEVER,
        thing.get("type", ""),
        thing.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        ", ".join(part for part in where if part),
        str(thing.get("message", "")).strip(),
        age(first) if first else NEVER,
        series.get("count") or thing.get("count") or 1,
        _name(thing),
    ]


def _service_account(thing: Object) -> Cells:
    return [_name(thing), len(thing.get("secrets") or ()), _age(thing)]


def _lease(thing: Object) -> Cells:
    return [_name(thing), (thing.get("spec") or {}).get("holderIdentity", ""), _age(thing)]


def _plain(thing: Object) -> Cells:
    return [_name(thing), _age(thing)]


def _columns(text: str) -> tuple[Column, ...]:
    """Columns from `Name|Data:integer|IP*`: a type after a colon, a star for wide."""
    found = []
    for part in text.split("|"):
        name, _, of = part.rstrip("*").partition(":")
        found.append(Column(name, of or "string", part.endswith("*")))
    return tuple(found)


_PRINTERS: dict[Kind, tuple[tuple[Column, ...], Callable[[Object], Cells]]] = {
    kinds.PODS: (_columns("Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*"), pod_row),
    kinds.NODES: (
        _columns(
            "Name|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*"
        ),
        _node,
    ),
    kinds.DAEMONSETS: (
        _columns(
            "Name|Desired:integer|Current:integer|Ready:integer|Up-to-date:integer|Available:integer|Node Selector|Age"
            "|Containers*|Images*|Selector*"
        ),
        _daemonset,
    ),
    kinds.CONFIGMAPS: (_columns("Name|Data:integer|Age"), _configmap),
    kinds.SERVICES: (_columns("Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*"), _service),
    kinds.NETWORK_POLICIES: (_columns("Name|Pod-Selector|Age"), _policy),
    kinds.NAMESPACES: (_columns("Name|Status|Age"), _namespace),
    kinds.EVENTS: (
        _columns("Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count:integer*|Name*"),
        _event,
    ),
    kinds.SERVICE_ACCOUNTS: (_columns("Name|Secrets:integer|Age"), _service_account),
    kinds.LEASES: (_columns("Name|Holder|Age"), _lease),
}


def table(
    kind: Kind, things: Sequence[Object], list_meta: Object, *, include: str = "Metadata", headers: bool = True
) -> Object:
    """A meta.k8s.io/v1 Table of `things`; `include` None, Metadata or Object says what rows carry beside cells."""
    columns, printer = _PRINTERS.get(kind, (_columns("Name|Age"), _plain))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_meta,
        "columnDefinitions": [column.definition() for column in columns] if headers else None,
        "rows": [{"cells": printer(thing), **_row_object(thing, include)} for thing in things],
    }


def partial(thing: Object) -> Object:
    """PartialObjectMetadata: the object's metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": thing["metadata"]}


def _row_object(thing: Object, include: str) -> Object:
    if include == "None":
        return {"object": None}
    return {"object": thing if include == "Object" else partial(thing)}
