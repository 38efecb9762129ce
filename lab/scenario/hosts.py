"""Nodes, and the rarer parts of a world: what machines do that no API shows, policy-based routes, Services."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

from lab.scenario.fields import Fields, cidr, vpc_of
from lab.scenario.model import NicPlan, NodePlan, PolicyRoutePlan, ServicePlan
from rules.snapshot import PodRef
from rules.words import _

ANYWHERE = IPv4Network("0.0.0.0/0")
_AGO = re.compile(r"([0-9]{1,5}) (second|minute|hour|day)s? ago")


def node(name: str, fields: Fields) -> NodePlan:
    """A node of the cluster."""
    found = NodePlan(
        name=name,
        address=fields.address("address"),
        pod_range=fields.range("pod range"),
        route=fields.flag("route", True),
        ip_forwarding=fields.flag("ip forwarding", True),
        labels=fields.labels("labels"),
        version=fields.text("version", ""),
        made=ago(fields, "made"),
        route_refused=fields.text("route refused", ""),
        left_over=fields.ranges("left-over list"),
        forwards=fields.flag("forwards", True),
        busy_to=fields.ranges("ports used up towards"),
        subnet=fields.name("subnet", ""),
        pool=fields.name("pool", "default-pool"),
        windows=fields.choice("system", "linux", "linux", "windows") == "windows",
    )
    fields.done()
    return found


def ago(fields: Fields, key: str) -> timedelta | None:
    """How long ago, as `2 minutes ago`; None where the key is absent."""
    if not fields.has(key):
        fields.find(key)
        return None
    return fields.convert(key, _("a time such as `2 minutes ago`, in seconds, minutes, hours or days"), _ago)


def _ago(text: str) -> timedelta:
    found = _AGO.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return timedelta(**{f"{found[2]}s": int(found[1])})


def inside(project: str, fields: Fields) -> dict[str, Any]:
    """What a VM is inside, as fields of VmPlan."""
    first = fields.part("first interface")
    nic = None
    if first is not None:
        expected = _("a network as NETWORK or PROJECT/NETWORK")
        vpc = first.convert("network", expected, lambda text: vpc_of(project, text))
        nic = NicPlan(vpc, first.name("subnet"), first.address("address"))
        first.done()
    expected = _("names with ranges, such as `docker0: 172.17.0.0/16`")
    bridges = {}
    for name, text in fields.labels("bridges").items():
        try:
            bridges[name] = cidr(text)
        except ValueError:
            fields.fail("bridges", _("expected {expected}.").format(expected=expected))
    return {"first": nic, "guest_routes": fields.ranges("guest routes"), "bridges": bridges}


def policy_route(name: str, fields: Fields) -> PolicyRoutePlan:
    """A policy-based route."""
    found = PolicyRoutePlan(
        name=name,
        source=fields.range("from") if fields.has("from") else ANYWHERE,
        dest=fields.range("to") if fields.has("to") else ANYWHERE,
        hop=fields.address("via address"),
        priority=fields.number("priority", 100, 1, 65535),
        tags=fields.names("only for tags"),
    )
    for key in ("from", "to"):
        fields.find(key)
    fields.done()
    return found


def service(ref: PodRef, fields: Fields) -> ServicePlan:
    """A Service."""
    found = ServicePlan(ref, fields.address("address"), fields.number("port", 80, 1, 65535), fields.labels("pods"))
    fields.done()
    return found


def egress_nat(fields: Fields) -> tuple[IPv4Network, ...]:
    """The destinations of an EgressNATPolicy, which see the pod's own address."""
    found = fields.ranges("keeps pod addresses to")
    fields.done()
    return found
