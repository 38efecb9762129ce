"""What each probe asks, what its answer proves and what it does not. Words only; the measuring is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from rules.snapshot import Outcome, Probe
from rules.words import _

GUIDED = ("pod-local", "node-peer", "pod-peer")


@dataclass(frozen=True)
class Meaning:
    """What an answer proves, and what it leaves open."""

    proves: str
    leaves: str


def order(ids: list[str]) -> list[str]:
    """The guided three first and in order, then the rest as they came."""
    return [one for one in GUIDED if one in ids] + [one for one in ids if one not in GUIDED]


def name(id: str) -> str:
    """A probe's short name: `pod → local`."""
    base, _at, place = id.partition("@")
    start, _dash, end = base.partition("-")
    words = {"pod": _("pod"), "node": _("node"), "local": _("local"), "peer": _("peer"), "proxy": _("proxy")}
    short = f"{words.get(start, start)} → {words.get(end, end)}" if end else base
    return f"{short} @ {place}" if place else short


def question(id: str) -> str:
    """What the probe asks."""
    questions = {
        "pod-local": _("Does the pod reach its own VPC?"),
        "node-local": _("Does the node reach its own VPC?"),
        "node-peer": _("Does the node, with its own address, reach the target in the peer?"),
        "pod-peer": _("Does the pod reach the target in the peer?"),
        "pod-proxy": _("Does the pod reach the proxy?"),
    }
    return questions.get(id.partition("@")[0], _("Does this connection work?"))


def purpose(id: str) -> str:
    """Why the probe is worth running, said before it has run."""
    purposes = {
        "pod-local": _("If this fails, look inside the pod's own VPC first: the peering has no part in it."),
        "node-local": _("It holds the node against the pod on ground that both must reach."),
        "node-peer": _("It tries the peering, the routes, the firewall and the target without the pod's address."),
        "pod-peer": _("This is the connection that somebody needs."),
        "pod-proxy": _("A proxy in between may be the way around."),
    }
    return purposes.get(id.partition("@")[0], "")


def meaning(probe: Probe) -> Meaning:
    """What this answer proves and leaves open."""
    base = probe.id.partition("@")[0]
    if probe.outcome is Outcome.NOT_RUN:
        return Meaning(_("Nothing: it was not run."), probe.why or _("The reason was not recorded."))
    if probe.outcome is Outcome.OK:
        return _ok(base)
    if probe.outcome is Outcome.REFUSED:
        return Meaning(
            _("Packets arrive and answers come back: somebody said no to the connection."),
            _("Who said it: the target, where nothing listens on the port, or something on the way that rejects."),
        )
    if probe.outcome is Outcome.APP_ERROR:
        return Meaning(
            _("The network works both ways: an answer came back."),
            _("Anything about the application, which is what is unhappy."),
        )
    return _silent(base)


def _ok(base: str) -> Meaning:
    proven = {
        "pod-local": Meaning(
            _("The pod's own network works, and its VPC knows the way back to the pod's address."),
            _("Anything about the peer: no packet left the VPC."),
        ),
        "node-local": Meaning(
            _("The node reaches machines of its own VPC and is answered."),
            _("Anything about pods or about the peer."),
        ),
        "node-peer": Meaning(
            _("Peering, routes, firewall and target all work for the node's address."),
            _("Anything about pods: the peer saw the node's address here, not a pod's."),
        ),
        "pod-peer": Meaning(
            _("The pod's packets arrive and the answers find the way home."),
            _("That it stays so: it was one fresh connection from one node."),
        ),
        "pod-proxy": Meaning(
            _("The pod reaches the proxy."),
            _("Whether the proxy reaches the target."),
        ),
    }
    return proven.get(base, Meaning(_("This connection works."), _("Anything about other connections.")))


def _silent(base: str) -> Meaning:
    found = {
        "pod-local": Meaning(
            _("Something is wrong before the peering: in the pod, on its node, or in its own VPC."),
            _("Whether the peering works. The local machine may also just not listen there."),
        ),
        "node-local": Meaning(
            _("The node itself is not answered in its own VPC, or the machine does not listen there."),
            _("Anything about pods or about the peer."),
        ),
        "node-peer": Meaning(
            _("The trouble is not the pod's alone: the node is not answered either."),
            _("Whether a second trouble waits for the pod behind this one."),
        ),
        "pod-peer": Meaning(
            _("The pod is not answered. Where the node is, the difference is the address that the packet wears."),
            _("Which leg is broken: a lost request and a lost answer look the same from here. The verdict tells."),
        ),
        "pod-proxy": Meaning(
            _("The pod is not answered by the proxy."),
            _("Whether the proxy works for others."),
        ),
    }
    return found.get(base, Meaning(_("This connection does not work."), _("Which leg is broken.")))
