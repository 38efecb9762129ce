"""The probes: predicted, held against the measured ones, and checked against each other."""

from __future__ import annotations

from dataclasses import replace

from rules import invariants
from rules.case import PROBES, UNKNOWN, Case
from rules.masquerade import decide
from rules.report.labels import UNICODE, probe_title
from rules.report.model import MatrixRow
from rules.snapshot import Outcome
from rules.words import _

_SILENCE = frozenset({"timeout", "unreachable", "stalled"})
_ANSWERS = (Outcome.OK, Outcome.REFUSED, Outcome.APP_ERROR)
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
    said = [each.sentence for each in invariants.broken(case)]
    stale = _not_yet(case)
    return (*said, *([stale] if stale else ()), *_differences(case), *_contradictions(case, matrix))


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


def _differences(case: Case) -> list[str]:
    """Repeats that fare otherwise than pod → peer: by time, by node."""
    first, found = case.measured("pod-peer"), []
    if _failed(first) and any(seen is Outcome.OK for _repeat, seen in case.repeats("try")):
        found.append(
            _("Pod → peer failed at first and was answered at the second try: what fails heals, or comes and goes.")
        )
    seen = {case.pod.node: first} if case.pod is not None and first is not None else {}
    seen |= {repeat.value: outcome for repeat, outcome in case.repeats("node")}
    good = sorted(node for node, outcome in seen.items() if outcome in _ANSWERS)
    bad = sorted(node for node, outcome in seen.items() if _failed(outcome))
    if good and bad:
        found.append(
            _(
                "It differs by node: pods on {good} are answered, pods on {bad} are not. Compare the agent's pod, the "
                "route to the node's pods, the node pool and the age of the nodes."
            ).format(good=", ".join(good), bad=", ".join(bad))
        )
    return found


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
