"""What stands at a network's edges, read from a scenario: Cloud Routers, load balancers, firewall policies."""

from __future__ import annotations

from collections.abc import Callable

from lab.scenario.fields import Fields, cloud_name
from lab.scenario.model import (
    BalancerPlan,
    FarMachine,
    FirewallPolicyPlan,
    PolicyRulePlan,
    RouterPlan,
    Server,
)
from rules.snapshot import Vpc
from rules.words import _

Servers = Callable[[Fields], tuple[Server, ...]]
_PROTOCOLS = ("tcp", "udp", "icmp", "all")


def router(name: str, fields: Fields, servers: Servers) -> RouterPlan:
    """A Cloud Router and what is on the other side of its tunnel."""
    made = RouterPlan(
        name=name,
        region=fields.name("region"),
        learns=fields.ranges("learns"),
        advertises=fields.ranges("advertises"),
        own_subnets=fields.flag("advertises own subnets", True),
        nat=fields.flag("cloud nat", False),
        machines=tuple(_far(each, part, servers) for each, part in fields.each("beyond", cloud_name)),
    )
    for machine in made.machines:
        if not any(machine.address in learned for learned in made.learns):
            fields.fail(
                "learns",
                _("{name} has {address}, which is in none of these ranges.").format(
                    name=machine.name, address=machine.address
                ),
            )
    fields.done()
    return made


def _far(name: str, fields: Fields, servers: Servers) -> FarMachine:
    made = FarMachine(name, fields.address("address"), servers(fields), fields.flag("answers ping", True))
    fields.done()
    return made


def balancer(project: str, name: str, fields: Fields) -> BalancerPlan:
    """An internal load balancer or a Private Service Connect endpoint."""
    kind = fields.choice("kind", "internal", "internal", "private service connect")
    made = BalancerPlan(
        project=project,
        name=name,
        region=fields.name("region"),
        vpc=Vpc(project, fields.name("network")),
        subnet=fields.name("subnet"),
        address=fields.address("address"),
        global_access=fields.flag("global access", False),
        backend=fields.name("in front of", ""),
        psc=kind != "internal",
    )
    fields.done()
    return made


def firewall_policy(project: str, name: str, fields: Fields) -> FirewallPolicyPlan:
    """A firewall policy of the organization, or of one network of the project."""
    organization = fields.choice("of", "organization", "organization", "network") == "organization"
    network = fields.name("network", "") if organization else fields.name("network")
    rules = tuple(_rule(part) for _name, part in fields.each("rules", cloud_name))
    fields.done()
    return FirewallPolicyPlan(project, name, organization, network, rules)


def _rule(fields: Fields) -> PolicyRulePlan:
    expected = _("one of {words}").format(words=", ".join(_PROTOCOLS))
    made = PolicyRulePlan(
        priority=fields.number("priority", 1000, 0, 2147483647),
        action=fields.choice("action", "deny", "allow", "deny", "goto_next"),
        protocols=fields.list("protocols", expected, lambda text: _PROTOCOLS[_PROTOCOLS.index(text)]) or ("all",),
        sources=fields.ranges("from"),
    )
    fields.done()
    return made
