"""Shared by the causes in which a policy-based route takes packets aside (RC51, RC52)."""

from __future__ import annotations

from ipaddress import IPv4Address

from rules.case import Case
from rules.own_routes import owner_of
from rules.routing import policy_route
from rules.snapshot import Vpc
from rules.words import _
from rules.world import PolicyRoute


def taken(case: Case, vpc: Vpc, source: IPv4Address, dest: IPv4Address, tags: frozenset[str]) -> PolicyRoute | None:
    """The policy-based route of `vpc` that takes a packet from `source` to `dest`."""
    return policy_route(case.world, vpc, dest, tags, source, case.question.target.protocol)


def said(case: Case, route: PolicyRoute) -> str:
    """The route's deciding fields, and who has its next hop."""
    owner = _owner(case, route)
    return _(
        "{vpc} policy-based route {name}: filter.srcRange = {source}, filter.destRange = {dest}, priority {priority}, "
        "next hop {hop} ({owner})"
    ).format(
        vpc=route.vpc,
        name=route.name,
        source=route.source,
        dest=route.dest,
        priority=route.priority,
        hop=route.next_hop.name,
        owner=owner or _("nobody that was read"),
    )


def _owner(case: Case, route: PolicyRoute) -> str:
    try:
        address = IPv4Address(route.next_hop.name)
    except ValueError:
        return ""
    vm = owner_of(case.world, route.vpc, address)
    if vm is not None:
        return vm.name
    return next((rule.name for rule in case.world.forwarding_rules or () if rule.address == address), "")
