"""Is an object possible? Wrong fields by path, in the API server's words (its validation packages)."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from lab.kube import kinds
from lab.kube.kinds import Kind
from lab.kube.selectors import label_selector
from lab.kube.status import Cause

Object = dict[str, Any]
Causes = list[Cause]

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_KEY = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")

_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_CONFIGMAP_LIMIT = 1024 * 1024
_ANNOTATIONS_LIMIT = 256 * 1024


def required(path: str, detail: str = "") -> Cause:
    """The field is missing."""
    return Cause(path, "FieldValueRequired", f"Required value: {detail}" if detail else "Required value")


def wrong(path: str, value: Any, detail: str) -> Cause:
    """The field's value is impossible."""
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return Cause(path, "FieldValueInvalid", f"Invalid value: {shown}: {detail}")


def unsupported(path: str, value: Any, among: tuple[str, ...]) -> Cause:
    """The field's value is none of those there are."""
    listed = ", ".join(f'"{each}"' for each in among)
    return Cause(path, "FieldValueNotSupported", f'Unsupported value: "{value}": supported values: {listed}')


def duplicate(path: str, value: Any) -> Cause:
    """The value is there twice."""
    return Cause(path, "FieldValueDuplicate", f'Duplicate value: "{value}"')


def prohibited(path: str, detail: str) -> Cause:
    """The field may not be set so."""
    return Cause(path, "FieldValueForbidden", f"Forbidden: {detail}")


def problems(kind: Kind, thing: Object) -> Causes:
    """Everything that is wrong with a new object of `kind`."""
    return [*_meta(kind, thing.get("metadata") or {}), *_CHECKS.get(kind, _nothing)(thing)]


def update_problems(kind: Kind, new: Object, old: Object) -> Causes:
    """Everything that is wrong with changing `old` into `new`."""
    found = problems(kind, new)
    was, now = old.get("spec") or {}, new.get("spec") or {}
    if kind is kinds.PODS and _frozen(was) != _frozen(now):
        found.append(
            prohibited(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,"
                "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                "previously negative)",
            )
        )
    if kind is kinds.PODS and any(each not in (now.get("tolerations") or ()) for each in was.get("tolerations") or ()):
        found.append(
            prohibited("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")
        )
    if kind is kinds.DAEMONSETS and was.get("selector") != now.get("selector"):
        found.append(wrong("spec.selector", now.get("selector"), "field is immutable"))
    if (
        kind is kinds.SERVICES
        and was.get("clusterIP")
        and now.get("clusterIP") != was["clusterIP"]
        and now.get("type") != "ExternalName"
    ):
        found.append(wrong("spec.clusterIPs[0]", now.get("clusterIP", ""), "may not change once set"))
    if kind is kinds.NODES and was.get("podCIDR") and now.get("podCIDR") != was["podCIDR"]:
        found.append(prohibited("", 'node updates may not change podCIDR except from "" to valid'))
    if kind is kinds.CONFIGMAPS and old.get("immutable"):
        if not new.get("immutable"):
            found.append(prohibited("immutable", "field is immutable when `immutable` is set"))
        found += [
            prohibited(name, "field is immutable when `immutable` is set")
            for name in ("data", "binaryData")
            if (old.get(name) or {}) != (new.get(name) or {})
        ]
    return found


def _frozen(spec: Object) -> Object:
    """A pod's spec without the fields that may change."""
    free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers")
    rest = {name: value for name, value in spec.items() if name not in free}
    for group in ("containers", "initContainers"):
        if group in rest:
            rest[group] = [{name: value for name, value in each.items() if name != "image"} for each in rest[group]]
    return rest


def _nothing(_: Object) -> Causes:
    return []


def _meta(kind: Kind, meta: Object) -> Causes:
    found: Causes = []
    name = meta.get("name", "")
    as_label = kind in (kinds.NAMESPACES, kinds.SERVICES)
    if not name:
        found.append(required("metadata.name", "name or generateName is required"))
    elif kind is kinds.EVENTS:
        pass
    elif as_label and not LABEL.fullmatch(name):
        found.append(wrong("metadata.name", name, _LABEL_RULE))
    elif not as_label and (len(name) > 253 or not SUBDOMAIN.fullmatch(name)):
        found.append(wrong("metadata.name", name, _SUBDOMAIN_RULE))
    found += _label_map(meta.get("labels") or {}, "metadata.labels")
    annotations = meta.get("annotations") or {}
    for key in annotations:
        if not _qualified(key.lower()):
            found.append(wrong("metadata.annotations", key, _QUALIFIED_RULE))
    if sum(len(key) + len(value) for key, value in annotations.items()) > _ANNOTATIONS_LIMIT:
        found.append(
            Cause(
                "metadata.annotations",
                "FieldValueTooLong",
                f"Too long: may not be more than {_ANNOTATIONS_LIMIT} bytes",
            )
        )
    return found


_QUALIFIED_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def _qualified(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return bool(_LABEL_KEY.fullmatch(name)) and (not slash or bool(SUBDOMAIN.fullmatch(prefix)))


def _label_map(labels: Object, path: str) -> Causes:
    found: Causes = []
    for key, value in labels.items():
        if not _qualified(key):
            found.append(wrong(path, key, _QUALIFIED_RULE))
        if not _LABEL_VALUE.fullmatch(value):
            found.append(
                wrong(
                    path,
                    value,
                    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
                    "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
                    "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
                )
            )
    return found


def _pod(thing: Object) -> Causes:
    return _pod_spec(thing.get("spec") or {}, "spec")


def _pod_spec(spec: Object, path: str) -> Causes:
    found: Causes = []
    containers = spec.get("containers") or []
    if not containers:
        found.append(required(f"{path}.containers"))
    volumes: set[str] = set()
    for number, volume in enumerate(spec.get("volumes") or ()):
        name = volume.get("name", "")
        where = f"{path}.volumes[{number}].name"
        if not name:
            found.append(required(where))
        elif not LABEL.fullmatch(name):
            found.append(wrong(where, name, _LABEL_RULE))
        elif name in volumes:
            found.append(duplicate(where, name))
        volumes.add(name)
    names: set[str] = set()
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for number, container in enumerate(spec.get(group) or ()):
            found += _container(container, f"{path}.{group}[{number}]", names, volumes)
    policy = spec.get("restartPolicy", "Always")
    if policy not in ("Always", "OnFailure", "Never"):
        found.append(unsupported(f"{path}.restartPolicy", policy, ("Always", "OnFailure", "Never")))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2**31 - 1:
        found.append(wrong(f"{path}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive"))
    found += _label_map(spec.get("nodeSelector") or {}, f"{path}.nodeSelector")
    if spec.get("dnsPolicy", "ClusterFirst") not in ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"):
        found.append(
            unsupported(
                f"{path}.dnsPolicy", spec["dnsPolicy"], ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
            )
        )
    for number, toleration in enumerate(spec.get("tolerations") or ()):
        where = f"{path}.tolerations[{number}]"
        operator = toleration.get("operator") or "Equal"
        if operator not in ("Equal", "Exists"):
            found.append(unsupported(f"{where}.operator", operator, ("Equal", "Exists")))
        if operator == "Exists" and toleration.get("value"):
            found.append(
                wrong(f"{where}.operator", toleration["value"], "value must be empty when `operator` is 'Exists'")
            )
        if not toleration.get("key") and operator != "Exists":
            found.append(
                wrong(
                    f"{where}.operator",
                    operator,
                    'operator must be Exists when `key` is empty, which means "match all values and all keys"',
                )
            )
    return found


def _container(container: Object, path: str, names: set[str], volumes: set[str]) -> Causes:
    found: Causes = []
    name = container.get("name", "")
    if not name:
        found.append(required(f"{path}.name"))
    elif not LABEL.fullmatch(name):
        found.append(wrong(f"{path}.name", name, _LABEL_RULE))
    elif name in names:
        found.append(duplicate(f"{path}.name", name))
    names.add(name)
    if not str(container.get("image", "")).strip():
        found.append(required(f"{path}.image"))
    policy = container.get("imagePullPolicy", "Always")
    if policy not in ("Always", "IfNotPresent", "Never"):
        found.append(unsupported(f"{path}.imagePullPolicy", policy, ("Always", "IfNotPresent", "Never")))
    for number, port in enumerate(container.get("ports") or ()):
        value = port.get("containerPort")
        if value is None:
            found.append(required(f"{path}.ports[{number}].containerPort"))
        elif not 1 <= value <= 65535:
            found.append(
                wrong(f"{path}.ports[{number}].containerPort", value, "must be between 1 and 65535, inclusive")
            )
    for number, variable in enumerate(container.get("env") or ()):
        if not variable.get("name"):
            found.append(required(f"{path}.env[{number}].name"))
    for number, mount in enumerate(container.get("volumeMounts") or ()):
        where = f"{path}.volumeMounts[{number}]"
        if not mount.get("mountPath"):
            found.append(required(f"{where}.mountPath"))
        if not mount.get("name"):
            found.append(required(f"{where}.name"))
        elif mount["name"] not in volumes and not mount["name"].startswith("kube-api-access-"):
            found.append(Cause(f"{where}.name", "FieldValueNotFound", f'Not found: "{mount["name"]}"'))
    return found


def _daemonset(thing: Object) -> Causes:
    spec = thing.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    found: Causes = []
    if selector is None:
        found.append(required("spec.selector"))
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        found.append(wrong("spec.selector", "{}", "empty selector is invalid for daemonset"))
    elif not label_selector(selector)(template):
        labels = (template.get("metadata") or {}).get("labels") or {}
        found.append(wrong("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
    found += _pod_spec(template.get("spec") or {}, "spec.template.spec")
    if (template.get("spec") or {}).get("restartPolicy", "Always") != "Always":
        found.append(unsupported("spec.template.spec.restartPolicy", template["spec"]["restartPolicy"], ("Always",)))
    return found


def _configmap(thing: Object) -> Causes:
    found: Causes = []
    size = 0
    for name in ("data", "binaryData"):
        for key, value in (thing.get(name) or {}).items():
            size += len(value)
            if not _CONFIG_KEY.fullmatch(key) or key in (".", ".."):
                rule = (
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
                    "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                )
                found.append(wrong(f"{name}[{key}]", key, rule))
            if name == "binaryData" and key in (thing.get("data") or {}):
                found.append(wrong(f"data[{key}]", key, "duplicate of key present in binaryData"))
    if size > _CONFIGMAP_LIMIT:
        found.append(Cause("", "FieldValueTooLong", f"Too long: may not be more than {_CONFIGMAP_LIMIT} bytes"))
    return found


def _service(thing: Object) -> Causes:
    spec = thing.get("spec") or {}
    found: Causes = []
    kinds_of = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    if spec.get("type", "ClusterIP") not in kinds_of:
        found.append(unsupported("spec.type", spec["type"], kinds_of))
    ports = spec.get("ports") or []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        found.append(required("spec.ports"))
    for number, port in enumerate(ports):
        where = f"spec.ports[{number}]"
        if len(ports) > 1 and not port.get("name"):
            found.append(required(f"{where}.name"))
        value = port.get("port")
        if value is None:
            found.append(required(f"{where}.port"))
        elif not 1 <= value <= 65535:
            found.append(wrong(f"{where}.port", value, "must be between 1 and 65535, inclusive"))
    address = spec.get("clusterIP")
    if address and address != "None" and not _is_address(address):
        found.append(
            wrong("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        )
    return found


def _network_policy(thing: Object) -> Causes:
    spec = thing.get("spec") or {}
    found: Causes = []
    for number, each in enumerate(spec.get("policyTypes") or ()):
        if each not in ("Ingress", "Egress"):
            found.append(unsupported(f"spec.policyTypes[{number}]", each, ("Egress", "Ingress")))
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for number, rule in enumerate(spec.get(direction) or ()):
            for place, peer in enumerate(rule.get(peers) or ()):
                found += _peer(peer, f"spec.{direction}[{number}].{peers}[{place}]")
    return found


def _peer(peer: Object, path: str) -> Causes:
    if not any(name in peer for name in ("podSelector", "namespaceSelector", "ipBlock")):
        return [required(path, "must specify a peer")]
    block = peer.get("ipBlock")
    if block is None:
        return []
    if "podSelector" in peer or "namespaceSelector" in peer:
        return [prohibited(path, "may not specify both ipBlock and another peer")]
    if not block.get("cidr"):
        return [required(f"{path}.ipBlock.cidr")]
    rule = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
    if not _is_network(block["cidr"]):
        return [wrong(f"{path}.ipBlock.cidr", block["cidr"], rule)]
    found: Causes = []
    whole = ip_network(block["cidr"], strict=False)
    for number, text in enumerate(block.get("except") or ()):
        where = f"{path}.ipBlock.except[{number}]"
        if not _is_network(text):
            found.append(wrong(where, text, rule))
            continue
        part = ip_network(text, strict=False)
        inside = part.version == whole.version and part.subnet_of(whole) and part != whole  # type: ignore[arg-type]  # versions compared
        if not inside:
            found.append(wrong(where, text, f'must be a strict subset of `cidr`: "{block["cidr"]}"'))
    return found


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _egress_nat(thing: Object) -> Causes:
    spec = thing.get("spec") or {}
    found: Causes = []
    if spec.get("action", "NoSNAT") != "NoSNAT":
        found.append(unsupported("spec.action", spec["action"], ("NoSNAT",)))
    for number, each in enumerate(spec.get("destinations") or ()):
        if not _is_network(str(each.get("cidr", ""))):
            found.append(wrong(f"spec.destinations[{number}].cidr", each.get("cidr", ""), "must be a valid CIDR value"))
    return found


_CHECKS: dict[Kind, Callable[[Object], Causes]] = {
    kinds.PODS: _pod,
    kinds.DAEMONSETS: _daemonset,
    kinds.CONFIGMAPS: _configmap,
    kinds.SERVICES: _service,
    kinds.NETWORK_POLICIES: _network_policy,
    kinds.EGRESS_NAT_POLICIES: _egress_nat,
}
