"""peer-firewall: a rule at B for the source that the target sees; theirs to make, so it is handed over."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from rules.case import Case
from rules.firewall import Packet, ruling
from rules.path import Hop, Verdict
from rules.remedies import commands, masquerading
from rules.remedies.effect import Effect
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Precondition, Role
from rules.snapshot import Vpc
from rules.words import _
from rules.world import Action, FirewallRule, Instance, World


def draft(case: Case) -> Draft | None:
    hop, b, way = case.hop(case.walk, "ingress-firewall"), case.b, case.walk
    if hop is None or b is None or way is None or way.source_seen is None or hop.verdict is not Verdict.DROP:
        return None
    if hop.vpc != b or hop.owner != b.project:
        return None  # a policy of the organisation decides before any rule that B could make
    vm = case.world.instance_at(case.dest, b)
    source = _source(case, way.source_seen)
    rule = _rule(case, hop, vm, source)
    if rule is None:
        return None
    after = admitted(case.world, b, rule)
    asked = case.question.target
    packet = Packet(way.source_seen, case.dest, asked.protocol, asked.port, True)
    decides = ruling(after, b, vm, "INGRESS", packet).rule
    where = commands.firewall_rule(b, rule, case.dest if not rule.target_tags else None)
    what = rule.name.removeprefix("allow-from-")
    return Draft(
        sentence=_("The target sees {source}, and no rule of {b} admits it: {owner} can add one for {range}.").format(
            source=way.source_seen, b=b, owner=b.project, range=source
        ),
        owner=b.project,
        changes=(),
        change_sentences=(
            _("{b}: firewall rule {name} admits {protocol} from {range} to {targets}").format(
                b=b,
                name=rule.name,
                protocol=_protocol(case),
                range=source,
                targets=_("VMs tagged {tags}").format(tags=", ".join(sorted(rule.target_tags)))
                if rule.target_tags
                else str(case.dest),
            ),
        ),
        after=after,
        preconditions=(
            Precondition(
                _("nothing at {b} decides before the new rule").format(b=b),
                decides is not None and decides.name == rule.name,
            ),
            Precondition(_("the answer to {source} finds its way home").format(source=way.source_seen), _home(case)),
        ),
        blast_radius=(
            _("every {what} in {range} may open connections to {targets} on {protocol}").format(
                what=_("pod") if case.wears_pod_address else _("machine"),
                range=source,
                targets=_("every VM of {b} tagged {tags}").format(b=b, tags=", ".join(sorted(rule.target_tags)))
                if rule.target_tags
                else str(case.dest),
                protocol=_protocol(case),
            ),
        ),
        commands=(where,),
        undo=(commands.delete_firewall_rule(b, rule.name),),
        effect=Effect.FIREWALL,
        permissions=(
            _("compute.firewalls.create and compute.networks.updatePolicy on {project}").format(project=b.project),
        ),
        checks=(commands.list_firewall_rules(b),),
        expected_before=(_("no ingress rule that admits {source} on {what}").format(source=source, what=what),),
        expected_after=(_("{name}, ALLOW, source {source}").format(name=rule.name, source=source),),
    )


def _home(case: Case) -> bool | None:
    lane = case.walk.back if case.walk else ()
    if any(hop.verdict in (Verdict.DROP, Verdict.REJECT) for hop in lane):
        return False
    return None if not lane or any(hop.verdict is Verdict.UNKNOWN for hop in lane) else True


def _protocol(case: Case) -> str:
    asked = case.question.target
    return asked.protocol if asked.port is None or asked.protocol == "icmp" else f"{asked.protocol}:{asked.port}"


def _source(case: Case, seen: IPv4Address) -> IPv4Network:
    """The range that the rule has to name: all of the cluster's pods, or the subnet of its nodes."""
    if case.wears_pod_address:
        known = [entry for entry in masquerading.pod_ranges(case) if seen in entry]
    else:
        net = case.network_a
        known = [subnet.range for subnet in (net.subnets or () if net else ()) if seen in subnet.range]
    return min(known, key=lambda entry: entry.prefixlen, default=IPv4Network(seen))


def _rule(case: Case, hop: Hop, vm: Instance | None, source: IPv4Network) -> FirewallRule | None:
    """An allow rule that comes before the one that denies today; None where there is no room before it."""
    asked, net = case.question.target, case.network_b
    rules = vm.firewall if vm is not None and vm.firewall is not None else net.firewall if net else None
    denying = next((rule for rule in rules or () if hop.object in (rule.object, rule.name) and hop.object), None)
    priority = 1000
    if denying is not None and denying.action is Action.DENY:
        if denying.stage != "vpc" or denying.priority == 0:
            return None
        priority = min(1000, denying.priority - 1)
    ports = () if asked.port is None or asked.protocol == "icmp" else ((asked.port, asked.port),)
    tags = vm.tags if vm is not None else frozenset()
    kind = "pods" if case.wears_pod_address else "nodes"
    cluster = (
        case.world.cluster.name if case.world.cluster and case.world.cluster.name else case.a.name if case.a else ""
    )
    return FirewallRule(
        name=f"allow-from-{cluster}-{kind}"[:63],
        stage="vpc",
        direction="INGRESS",
        action=Action.ALLOW,
        priority=priority,
        protocols={asked.protocol: ports},
        source_ranges=(source,),
        dest_ranges=() if tags else (IPv4Network(case.dest),),
        target_tags=frozenset(sorted(tags)[:1]),
    )


def admitted(world: World, vpc: Vpc, rule: FirewallRule) -> World:
    """The world with one more rule in `vpc`, at every VM there whose own rules were read."""
    networks = dict(world.networks)
    net = networks[vpc]
    if net.firewall is not None:
        networks[vpc] = replace(net, firewall=(*net.firewall, rule))
    instances = world.instances
    if instances is not None and any(each.firewall is not None for each in instances):
        instances = tuple(
            replace(each, firewall=(*each.firewall, rule))
            if each.firewall is not None and any(nic.vpc == vpc for nic in each.interfaces)
            else each
            for each in instances
        )
    return replace(world, networks=networks, instances=instances)


REMEDY = Remedy(
    "peer-firewall", lambda: _("Let the sender in at the peer's firewall"), draft, role=Role.HAND_OFF, stage=2
)
