"""Is a packet let through a VM's interface? ALLOW, DENY or UNKNOWN, with the rule that decided.

Order (Cloud NGFW "Firewall policy rule evaluation order"): hierarchical policies, system policies, VPC rules, network
policies, regional network policies, the implied rules; network policies before VPC rules where the network says so.
VPC rules: lowest priority number first, DENY before ALLOW at the same one. Replies need no rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from rules.own_routes import network_of, owner_of, sees
from rules.snapshot import Vpc
from rules.words import _
from rules.world import Action, FirewallRule, Instance, World


class Answer(StrEnum):
    """Whether the packet passes."""

    ALLOW = "allow"
    DENY = "deny"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Packet:
    """What a firewall sees of a packet. `port` is None for ICMP; `crosses` tells that it comes from or goes to
    another VPC (None: not known)."""

    source: IPv4Address
    dest: IPv4Address
    protocol: str = "tcp"
    port: int | None = None
    crosses: bool | None = None

    def __str__(self) -> str:
        what = self.protocol if self.port is None else f"{self.protocol}:{self.port}"
        return f"{what} {self.source} → {self.dest}"


@dataclass(frozen=True)
class Ruling:
    """The answer and the rule behind it: for UNKNOWN the rule that cannot be decided, None where nothing was read."""

    answer: Answer
    rule: FirewallRule | None
    sentence: str


IMPLIED = {
    "INGRESS": FirewallRule("implied deny ingress", "implied", "INGRESS", Action.DENY, 65535, {"all": ()}),
    "EGRESS": FirewallRule("implied allow egress", "implied", "EGRESS", Action.ALLOW, 65535, {"all": ()}),
}

_STAGES = ("hierarchical", "system", "vpc", "network-policy", "regional-policy")
_STAGES_POLICIES_FIRST = ("hierarchical", "system", "network-policy", "regional-policy", "vpc")

_Outcome = tuple[Answer, FirewallRule]


def ruling(world: World, vpc: Vpc, vm: Instance | None, direction: str, packet: Packet) -> Ruling:
    """Decide at the interface of `vm` in `vpc` (None: a VM of which nothing is known).

    `direction` is INGRESS or EGRESS. The rules read for the VM itself are used where there are any: those of the
    network lack regional policies.
    """
    network = network_of(world, vpc)
    rules = vm.firewall if vm is not None and vm.firewall is not None else network.firewall
    if rules is None:
        sentence = _("Whether the firewall of {vpc} admits {packet} cannot be told: its rules could not be read.")
        return Ruling(Answer.UNKNOWN, None, sentence.format(vpc=vpc, packet=packet))
    stages = _STAGES_POLICIES_FIRST if network.policies_first else _STAGES
    matcher = _Matcher(world, vpc, vm, direction, packet)
    outcomes = _outcomes(matcher, _passes(rules, stages, direction), 0, IMPLIED[direction])
    answers = {answer for answer, _rule in outcomes}
    if len(answers) == 1 and Answer.UNKNOWN not in answers:
        answer, rule = outcomes[-1]
        sentence = _deciding(vpc, direction, packet, answer, rule)
        return Ruling(answer, rule, sentence)
    open_rule = matcher.open_rules[0]
    sentence = _("Whether the firewall of {vpc} admits {packet} cannot be told: rule {rule} {why}.").format(
        vpc=vpc, packet=packet, rule=open_rule.name, why=matcher.why(open_rule)
    )
    return Ruling(Answer.UNKNOWN, open_rule, sentence)


def _passes(rules: Sequence[FirewallRule], stages: Sequence[str], direction: str) -> list[list[FirewallRule]]:
    """The rules pass by pass: each policy is one, the VPC rules together are one."""
    found = []
    for stage in stages:
        here = [rule for rule in rules if rule.stage == stage and rule.direction == direction]
        for order in sorted({rule.policy_order for rule in here}):
            one = [rule for rule in here if rule.policy_order == order]
            found.append(sorted(one, key=lambda rule: (rule.priority, rule.action is not Action.DENY)))
    return found


def _outcomes(
    matcher: _Matcher, passes: Sequence[Sequence[FirewallRule]], at: int, implied: FirewallRule
) -> list[_Outcome]:
    """Everything that may happen from pass `at` on, the certain end last."""
    if at == len(passes):
        return [(Answer.ALLOW if implied.action is Action.ALLOW else Answer.DENY, implied)]
    found: list[_Outcome] = []
    for rule in passes[at]:
        hit = matcher.hits(rule)
        if hit is False:
            continue
        if hit is None:
            matcher.open_rules.append(rule)
        if rule.action is Action.GOTO_NEXT:
            onward = _outcomes(matcher, passes, at + 1, implied)
        else:
            onward = [(Answer.ALLOW if rule.action is Action.ALLOW else Answer.DENY, rule)]
        found += onward
        if hit:
            return found
    return found + _outcomes(matcher, passes, at + 1, implied)


class _Matcher:
    """Holds one packet against rules; answers True, False, or None when it cannot be told."""

    def __init__(self, world: World, vpc: Vpc, vm: Instance | None, direction: str, packet: Packet) -> None:
        self.world, self.vpc, self.vm, self.ingress, self.packet = world, vpc, vm, direction == "INGRESS", packet
        self.open_rules: list[FirewallRule] = []

    def hits(self, rule: FirewallRule) -> bool | None:
        answers = (self._protocol(rule), self._dest(rule), self._source(rule), self._target(rule), self._context(rule))
        if False in answers:
            return False
        if None in answers or any(name.startswith("action=") for name in rule.undecidable):
            return None
        return True

    def why(self, rule: FirewallRule) -> str:
        """What about `rule` cannot be decided."""
        if rule.undecidable:
            return _("uses {matchers}, which addresses alone do not decide").format(
                matchers=", ".join(rule.undecidable)
            )
        if self._target(rule) is None:
            return _("applies to {targets}, and the VM's could not be read").format(
                targets=", ".join(sorted(rule.target_tags | rule.target_accounts))
            )
        return _("names sources by {sources}, and the sender's could not be read").format(
            sources=", ".join(sorted(rule.source_tags | rule.source_accounts))
        )

    def _protocol(self, rule: FirewallRule) -> bool:
        for name in (self.packet.protocol, "all"):
            ports = rule.protocols.get(name)
            if ports is None:
                continue
            number = self.packet.port
            if not ports or (number is not None and any(first <= number <= last for first, last in ports)):
                return True
        return False

    def _dest(self, rule: FirewallRule) -> bool | None:
        return self._addresses(rule.dest_ranges, self.packet.dest, rule.undecidable, "dest")

    def _source(self, rule: FirewallRule) -> bool | None:
        if not self.ingress or not (rule.source_tags or rule.source_accounts):
            return self._addresses(rule.source_ranges, self.packet.source, rule.undecidable, "src")
        if any(self.packet.source in network for network in rule.source_ranges):
            return True
        return self._sender(rule)

    @staticmethod
    def _addresses(
        ranges: Sequence[IPv4Network], address: IPv4Address, undecidable: Sequence[str], side: str
    ) -> bool | None:
        if any(address in network for network in ranges):
            return True
        if any(name.startswith(side) and "=" not in name for name in undecidable):
            return None
        return not ranges

    def _sender(self, rule: FirewallRule) -> bool | None:
        """Source tags and accounts mean the primary addresses of VMs of the same network, and no others."""
        if self.packet.crosses:
            return False
        vm = owner_of(self.world, self.vpc, self.packet.source)
        if vm is None:
            return False if sees(self.world, self.vpc.project, "instances") else None
        if all(nic.address != self.packet.source for nic in vm.interfaces):
            return False
        return bool(rule.source_tags & vm.tags or rule.source_accounts & vm.accounts)

    def _target(self, rule: FirewallRule) -> bool | None:
        if "targetSecureTags" in rule.undecidable:
            return None
        if not rule.target_tags and not rule.target_accounts:
            return True
        if self.vm is None:
            return None
        return bool(rule.target_tags & self.vm.tags or rule.target_accounts & self.vm.accounts)

    def _context(self, rule: FirewallRule) -> bool | None:
        """srcNetworkContext and destNetworkContext: INTRA_VPC never means a peer, INTERNET never a private address."""
        answer: bool | None = True
        for name in rule.undecidable:
            matcher, given, value = name.partition("=")
            if not given or matcher == "action":
                continue
            here: bool | None
            if value == "INTRA_VPC":
                here = None if self.packet.crosses is None else not self.packet.crosses
            elif value in ("INTERNET", "NON_INTERNET"):
                here = value == "NON_INTERNET"
            else:
                here = None
            if here is False:
                return False
            answer = None if here is None else answer
        return answer


def _deciding(vpc: Vpc, direction: str, packet: Packet, answer: Answer, rule: FirewallRule) -> str:
    if rule.stage == "implied":
        if answer is Answer.DENY:
            text = _("No firewall rule of {vpc} admits {packet}; what no rule admits is denied.")
        else:
            text = _("No firewall rule of {vpc} denies {packet}; what no rule denies may leave.")
        return text.format(vpc=vpc, packet=packet)
    ranges = ", ".join(map(str, rule.source_ranges if direction == "INGRESS" else rule.dest_ranges))
    where = _("policy {policy}").format(policy=rule.policy) if rule.policy else str(vpc)
    if answer is Answer.ALLOW:
        text = _("Firewall rule {rule} of {where} (priority {priority}, {ranges}) admits {packet}.")
    else:
        text = _("Firewall rule {rule} of {where} (priority {priority}, {ranges}) denies {packet}.")
    return text.format(
        rule=rule.name, where=where, priority=rule.priority, ranges=ranges or _("any address"), packet=packet
    )
