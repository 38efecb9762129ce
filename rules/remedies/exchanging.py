"""What the three remedies by route exchange share: the flags to set, the world after it, needs and reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rules.case import Case, unmasqueraded
from rules.exchange import Exchanged, exchanged
from rules.path import Verdict, WhyNot
from rules.remedies import commands, quota
from rules.remedies.effect import Effect
from rules.remedies.impact import few
from rules.remedies.remedy import Draft
from rules.report.model import Change, Precondition
from rules.snapshot import Vpc
from rules.words import _, plural
from rules.world import Network, Peering, RouteKind, World

MOST = 8
# What a person puts the name in the place of, in a command: the same in every language.
PEERING, REGION = "PEERING", "REGION"


@dataclass(frozen=True)
class Halves:
    """What is missing for custom routes to cross from A to B, and which of that a remedy sets."""

    ours: bool
    theirs: bool


def missing(case: Case) -> Halves | None:
    """The halves that are missing where routes to the pods would help; None where they would not, or nothing is."""
    ours, theirs, a, b = case.a_to_b, case.b_to_a, case.a, case.b
    if ours is None or a is None or b is None or case.pods_in_subnet is not False or not answer_lost(case):
        return None
    if case.pod is None or case.pod.host_network:
        return None
    found = Halves(not ours.export_custom, theirs is None or not theirs.import_custom)
    return found if found.ours or found.theirs else None


def draft(case: Case, halves: Halves) -> Draft | None:
    """The remedy that sets `halves`, each of which is missing."""
    ours, theirs, a, b = case.a_to_b, case.b_to_a, case.a, case.b
    if ours is None or a is None or b is None:
        return None
    changes: list[Change] = []
    said: list[str] = []
    typed: list[str] = []
    undo: list[str] = []
    if halves.ours:
        changes.append(_change(a, ours.name, "exportCustomRoutes"))
        said.append(_("{vpc}, peering {name}: exportCustomRoutes = true").format(vpc=a, name=ours.name))
        typed.append(commands.update_peering(a, ours.name, "--export-custom-routes"))
        undo.append(commands.update_peering(a, ours.name, "--no-export-custom-routes"))
    if halves.theirs:
        name = theirs.name if theirs else PEERING
        said.append(_("{vpc}, peering {name}: importCustomRoutes = true").format(vpc=b, name=name))
        typed.append(commands.update_peering(b, name, "--import-custom-routes"))
        undo.insert(0, commands.update_peering(b, name, "--no-import-custom-routes"))
        if theirs is not None:
            changes.append(_change(b, theirs.name, "importCustomRoutes"))
    hoped = switched(case.world, ours, theirs, halves)
    crossing = exchanged(hoped, a, b) or ()
    refused = [each for each in crossing if each.why_not is WhyNot.SHADOWED_BY_SUBNET]
    owners = dict.fromkeys(change.owner for change in changes)
    if halves.theirs and theirs is None:
        owners[b.project] = None
    return Draft(
        sentence=_sentence(case, halves, refused),
        owner=", ".join(owners),
        changes=tuple(changes),
        change_sentences=tuple(said),
        after=case.world if refused else hoped,
        preconditions=_needs(case, crossing, refused),
        blast_radius=_reach(case, crossing),
        commands=tuple(typed),
        undo=tuple(undo),
        effect=Effect.PEERING,
        applicable=not refused and ours.active,
        inert=not _fresh(case, crossing),
        permissions=() if theirs is not None or not halves.theirs else (_right(b),),
        checks=(commands.list_peering_routes(b, theirs.name if theirs else PEERING, _region(case)),),
        expected_before=(_("no row for {range}").format(range=_pods_of(case)),),
        expected_after=(_("a row for {range} of type STATIC_PEERING_ROUTE, accepted").format(range=_pods_of(case)),),
    )


def _right(vpc: Vpc) -> str:
    return _("compute.networks.updatePeering on {project}").format(project=vpc.project)


def _region(case: Case) -> str:
    return case.node.zone.rsplit("-", 1)[0] if case.node and case.node.zone else REGION


def _pods_of(case: Case) -> str:
    route = case.pod_route
    if route is not None:
        return str(route.dest)
    return str(case.pod.address) if case.pod and case.pod.address else _("the pods")


def answer_lost(case: Case) -> bool:
    """Whether an answer to the pod's own address is lost on its way, or not known to come home."""
    world = case.world if case.wears_pod_address else unmasqueraded(case.world)
    bare = case if world is case.world else Case(world, case.question)
    lane = bare.walk.back if bare.walk else ()
    return not lane or any(hop.verdict in (Verdict.DROP, Verdict.UNKNOWN) for hop in lane)


def _change(vpc: Vpc, peering: str, field: str) -> Change:
    return Change(
        system="compute",
        kind="peering",
        key={"project": vpc.project, "network": vpc.name, "peering": peering},
        owner=vpc.project,
        before={field: False},
        after={field: True},
    )


def switched(world: World, ours: Peering, theirs: Peering | None, halves: Halves) -> World:
    """The world with `halves` set, and what was read of that direction left to be worked out anew.

    Under CONSENSUS a half takes effect when the other side has made the complementary change, and waits until then.
    """
    networks = dict(world.networks)
    consensus = any(side is not None and side.consensus for side in (ours, theirs))
    out = replace(ours, export_custom=ours.export_custom or halves.ours, outgoing=None)
    imports = None if theirs is None else theirs.import_custom or halves.theirs
    waits = consensus and not (out.export_custom and imports)
    status = "PENDING_PEER_ACKNOWLEDGEMENT" if waits else ""
    effective = False if waits else None
    networks[ours.vpc] = _with(world, ours, replace(out, effective_export=effective, update_status=status))
    if theirs is not None:
        into = replace(theirs, import_custom=bool(imports), incoming=None)
        networks[theirs.vpc] = _with(world, theirs, replace(into, effective_import=effective, update_status=status))
    return replace(world, networks=networks)


def _with(world: World, old: Peering, new: Peering) -> Network:
    network = world.networks[old.vpc]
    return replace(network, peerings=tuple(new if each == old else each for each in network.peerings or ()))


def _sentence(case: Case, halves: Halves, refused: list[Exchanged]) -> str:
    if refused:
        return _("Google refuses this update: {dest} of {a} equals or lies in {obstacle} of {b}.").format(
            dest=refused[0].route.dest, a=case.a, b=case.b, obstacle=refused[0].obstacle
        )
    if not halves.theirs:
        text = _("{a} gives its custom routes to {b}, which takes what it is given.")
    elif not halves.ours:
        text = _("{b} takes the custom routes that {a} gives already, and then has a route to every node's pods.")
    else:
        text = _("{a} gives its custom routes to {b}, which then has a route to every node's pods.")
    text = text.format(a=case.a, b=case.b)
    ours, theirs = case.a_to_b, case.b_to_a
    if halves == Halves(True, False) and not (theirs is not None and theirs.import_custom):
        text = _("{a} gives its custom routes to {b}; nothing changes until {b} imports them.").format(
            a=case.a, b=case.b
        )
    if halves == Halves(False, True) and not (ours is not None and ours.export_custom):
        text = _("{b} takes custom routes from {a}; nothing changes until {a} exports them.").format(a=case.a, b=case.b)
    if case.b_to_a is None and halves.theirs:
        text += " " + _("The import is for {owner} to set; its side could not be read.").format(
            owner=case.b.project if case.b else ""
        )
    return text


def _needs(case: Case, crossing: tuple[Exchanged, ...], refused: list[Exchanged]) -> tuple[Precondition, ...]:
    ours, theirs = case.a_to_b, case.b_to_a
    active = bool(ours and ours.active and (theirs is None or theirs.active))
    route = case.pod_route
    tags = None if route is None else not route.tags
    found = [
        Precondition(_("the peering is ACTIVE"), active),
        Precondition(_("the route to the pod has no tags (tagged routes are never exported)"), tags),
        Precondition(
            _("no subnet of {b} equals or contains an exported route").format(b=case.b),
            None if case.network_b is None or case.network_b.subnets is None else not refused,
        ),
        Precondition(_("the firewall of {b} admits the pod's address").format(b=case.b), pods_admitted(case)),
    ]
    static = [each for each in _fresh(case, crossing) if each.route.kind is RouteKind.STATIC]
    room = quota.need(case.world, case.b, len(static)) if case.b is not None else None
    found += [room] if room is not None else []
    if any(side is not None and side.consensus for side in (ours, theirs)):
        found.append(Precondition(_("both sides agree: the peering's updateStrategy is CONSENSUS"), None))
    return tuple(found)


def pods_admitted(case: Case) -> bool | None:
    """Whether the target's door lets in a packet that wears the pod's address."""
    world = case.world if case.wears_pod_address else unmasqueraded(case.world)
    bare = case if world is case.world else Case(world, case.question)
    hop = bare.hop(bare.walk, "ingress-firewall")
    if hop is None or hop.verdict is Verdict.UNKNOWN or not bare.wears_pod_address:
        return None
    return hop.verdict is Verdict.OK


def _fresh(case: Case, crossing: tuple[Exchanged, ...]) -> list[Exchanged]:
    """The routes that B would get and has not got."""
    had = {each.route.name for each in case.crossing or () if each.imported}
    fresh = (each for each in crossing if each.imported is not False and each.route.name not in had)
    return [each for each in fresh if each.route.kind is not RouteKind.SUBNET]


def _reach(case: Case, crossing: tuple[Exchanged, ...]) -> tuple[str, ...]:
    fresh = _fresh(case, crossing)
    pods = [each for each in fresh if each.route.description == "k8s-node-route"]
    others = [each for each in fresh if each.route.description != "k8s-node-route"]
    sentences = []
    if pods:
        sentences.append(
            plural("{count} route to pods of the cluster", "{count} routes to pods of the cluster", len(pods))
            + " "
            + _("become visible to {b}").format(b=case.b)
        )
    if others:
        names = few([f"{each.route.dest} ({each.route.name})" for each in others])
        sentences.append(
            _("other routes of {a} become visible to {b}: {names}").format(a=case.a, b=case.b, names=names)
        )
    unused = [each for each in crossing if each.why_not is WhyNot.LOCAL_PREFERRED]
    if unused:
        sentences.append(
            _("{b} keeps its own route to {dests}; those pods stay without an answer").format(
                b=case.b, dests=", ".join(str(each.route.dest) for each in unused[:MOST])
            )
        )
    if fresh:
        text = _("every custom route that {a} gets later crosses too; each new node adds one")
        sentences.append(text.format(a=case.a))
        text = _("machines of {b} can then open connections to pods, as far as firewalls let them")
        sentences.append(text.format(b=case.b))
    else:
        sentences.append(_("no route crosses by this alone"))
    return tuple(sentences)
