"""The probes: predicted, held against the measured ones, and checked against each other (invariants I1 to I8)."""

from __future__ import annotations

from dataclasses import replace

from rules.case import PROBES, UNKNOWN, Case
from rules.masquerade import decide
from rules.report.labels import UNICODE, probe_title
from rules.report.model import MatrixRow
from rules.snapshot import Outcome
from rules.words import _

_SILENCE = frozenset({"timeout", "unreachable", "stalled"})
_ANSWERED = frozenset({"ok", "refused", "app-error"})


def rows(case: Case) -> tuple[MatrixRow, ...]:
    """The five probes in order, then repeats from elsewhere."""
    repeats = sorted(probe for probe in case.probes if "@" in probe)
    return tuple(_row(case, probe) for probe in (*PROBES, *repeats))


def _row(case: Case, probe: str) -> MatrixRow:
    seen = case.measured(probe)
    predicted = case.predicted(probe)
    via = case.probes[probe].via if probe in case.probes else ""
    if seen is None:
        return MatrixRow(probe, None, predicted, None, via)
    agrees = None if predicted == UNKNOWN else _agree(seen.value, predicted)
    return MatrixRow(probe, seen.value, predicted, agrees, via)


def _agree(seen: str, predicted: str) -> bool:
    """A walk ends at the target's door: refused and app-error are answers that came home, as the model said."""
    if predicted in _ANSWERED:
        return seen in _ANSWERED
    return seen == predicted or (seen in _SILENCE and predicted in _SILENCE)


def unexplained(case: Case, matrix: tuple[MatrixRow, ...]) -> tuple[str, ...]:
    """Sentences on measurements that contradict each other or the model, the gravest first."""
    return (*_invariants(case), *_contradictions(case, matrix))


def _invariants(case: Case) -> list[str]:
    node, pod = case.measured("node-peer"), case.measured("pod-peer")
    found = []
    if case.measured("node-local") in (Outcome.TIMEOUT, Outcome.UNREACHABLE) and _failed(case.measured("pod-local")):
        found.append(
            _("Neither pod nor node reaches the local address: that machine may be down, so it proves nothing.")
        )
    if pod is Outcome.OK and _failed(node):
        found.append(
            _(
                "The pod is answered and its node is not: the target admits pods' addresses and not nodes'. "
                "Masquerading would break what works."
            )
        )
    decision = case.raw_walk.masquerade if case.raw_walk else None
    policed = any(
        hop.kind == "policy" and hop.verdict.value != "ok" for hop in (case.walk.forward if case.walk else ())
    )
    if (
        decision is not None
        and decision.masqueraded
        and not policed
        and node is not None
        and pod is not None
        and _failed(node) != _failed(pod)
    ):
        found.append(
            _(
                "The pod's packets are masqueraded, so pod and node should fare alike, and they do not: suspect a "
                "network policy, a sidecar, an old connection, or rules on the node that differ from the ConfigMap."
            )
        )
    stale = _not_yet(case)
    return [*found, stale] if stale else found


def _not_yet(case: Case) -> str:
    """The ConfigMap says one thing and the node's own nat table another."""
    pod, node, real = case.pod, case.node, case.raw_walk.masquerade if case.raw_walk else None
    if pod is None or node is None or real is None or real.list_source != "node-nat":
        return ""
    meant = decide(replace(case.world, node_nat={}), pod, case.dest, case.question.target.protocol)
    if meant.masqueraded is None or real.masqueraded is None or meant.masqueraded == real.masqueraded:
        return ""
    if meant.masqueraded:
        return _(
            "The agent's configuration masquerades packets to {dest}, the nat table of {node} does not yet: a change "
            "takes up to two minutes; after that read the agent's log."
        ).format(dest=case.dest, node=node.name)
    return _(
        "The nat table of {node} masquerades packets to {dest}, the agent's configuration does not: the rules are "
        "older than the configuration and will not outlive the node."
    ).format(dest=case.dest, node=node.name)


def _failed(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.value in _SILENCE


def _contradictions(case: Case, matrix: tuple[MatrixRow, ...]) -> list[str]:
    found = []
    for row in matrix:
        if row.agrees is not False:
            continue
        title = probe_title(row.probe, UNICODE)
        if row.observed in _ANSWERED:
            text = _(
                "{probe} is answered although the model predicts {predicted}: what was read has changed since, or a "
                "route or rule exists that was not read."
            )
        elif row.predicted in _ANSWERED:
            text = _(
                "{probe} ends in {observed} although everything that was read lets it through: look at the guest "
                "(its own firewall, routes and bridges), at a mesh in the pod, or read again."
            )
        else:
            text = _("{probe} ends in {observed}, predicted was {predicted}.")
        found.append(text.format(probe=title, observed=row.observed, predicted=row.predicted))
    refused = _(
        "{probe} is refused: the refusal itself came back, so routes and firewalls serve this source; nothing listens "
        "on that port, or the machine rejects it."
    )
    found += [
        refused.format(probe=probe_title(probe.id, UNICODE))
        for probe in case.probes.values()
        if probe.outcome is Outcome.REFUSED and probe.id.split("@")[0] in ("pod-peer", "node-peer")
    ]
    return found
