"""egress-nat-policy: on Autopilot, the target's range out of the EgressNATPolicy `default`, which can be edited."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from ipaddress import IPv4Network

from rules.build.read import network, objects, text
from rules.case import Case
from rules.masquerade import cluster_ranges
from rules.remedies import carve, commands, masquerading
from rules.remedies.effect import Effect
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Change, Precondition
from rules.snapshot import Json
from rules.words import _

EDITABLE = "default"


def draft(case: Case) -> Draft | None:
    world = case.world
    if case.pod is None or case.pod.host_network or case.a is None or not masquerading.autopilot(case):
        return None
    if world.egress_nat_policies is None or case.node is None:
        return None
    now = next((each for each in world.egress_nat_policies if text(each, "metadata", "name") == EDITABLE), None)
    if now is None:
        return None
    ranges = _ranges(now)
    if not any(case.dest in entry for entry in ranges):
        return None
    left = carve.minus(ranges, case.target_range)
    new = _with(now, left)
    fixed = [
        text(each, "metadata", "name")
        for each in world.egress_nat_policies
        if each is not now and any(case.dest in entry for entry in _ranges(each))
    ]
    inside = any(case.dest in entry for entry in cluster_ranges(world, case.node))
    policies = tuple(new if each is now else each for each in world.egress_nat_policies)
    nat = {node: table for node, table in world.node_nat.items() if node not in world.nodes}
    after = replace(world, egress_nat_policies=policies, node_nat=nat)
    sentence = _("Pods wear their node's address towards {range} alone; {b} has a route to the nodes.").format(
        range=case.target_range, b=case.b or _("the peer")
    )
    if fixed:
        sentence = (
            _("EgressNATPolicy {name}, which GKE manages, names the target too: this alone changes nothing. ").format(
                name=fixed[0]
            )
            + sentence
        )
    flipped = carve.changed(ranges, left)
    patch = {"spec": {"destinations": new["spec"]["destinations"]}}
    undo = {"spec": {"destinations": now.get("spec", {}).get("destinations", [])}}
    return Draft(
        sentence=sentence,
        owner=case.a.project,
        changes=(
            Change(
                system="kubernetes",
                kind="EgressNATPolicy",
                key={"name": EDITABLE},
                owner=case.a.project,
                before={"spec": dict(now.get("spec") or {})},
                after={"spec": dict(new["spec"])},
            ),
        ),
        change_sentences=(
            _("EgressNATPolicy {name}: {range} taken out of the destinations that keep the pod's address").format(
                name=EDITABLE, range=case.target_range
            ),
        ),
        after=after,
        preconditions=(
            Precondition(_("no EgressNATPolicy that GKE manages names the target"), not fixed and not inside),
            Precondition(
                _("the firewall of {b} admits the nodes' addresses").format(b=case.b or _("the peer")),
                masquerading.nodes_admitted(Case(after, case.question), case),
            ),
        ),
        blast_radius=masquerading.reach(case, flipped),
        commands=(commands.patch_cluster_object("egressnatpolicy", EDITABLE, json.dumps(patch)),),
        undo=(commands.patch_cluster_object("egressnatpolicy", EDITABLE, json.dumps(undo)),),
        effect=Effect.AGENT,
        applicable=not fixed,
    )


def _ranges(policy: Json) -> tuple[IPv4Network, ...]:
    if text(policy, "spec", "action") not in ("NoSNAT", ""):
        return ()
    found = (network(entry.get("cidr")) for entry in objects(policy, "spec", "destinations"))
    return tuple(entry for entry in found if entry is not None)


def _with(policy: Json, ranges: tuple[IPv4Network, ...]) -> Json:
    """The policy with `ranges` as its destinations; entries that are no IPv4 range stay as they are."""
    made = copy.deepcopy(dict(policy))
    spec = dict(made.get("spec") or {})
    other = [dict(entry) for entry in objects(policy, "spec", "destinations") if network(entry.get("cidr")) is None]
    spec["destinations"] = [{"cidr": str(entry)} for entry in ranges] + other
    made["spec"] = spec
    return made


REMEDY = Remedy("egress-nat-policy", lambda: _("Masquerade towards the target's range (EgressNATPolicy)"), draft)
