"""The Report as JSON, `wayhome.report/1`. Keys beyond the contract may be added; none is renamed or left out."""

from __future__ import annotations

import json
from typing import Any

from rules.path import Hop, Masquerade
from rules.report.model import SCHEMA, Broken, CauseFound, Change, FixSet, MatrixRow, Offer, Report, RouteRow
from rules.snapshot import Vpc


def to_json(report: Report) -> dict[str, Any]:
    """The Report as a JSON-able object of contract 3.4."""
    walk = report.walk
    return {
        "schema": SCHEMA,
        "taken_at": report.taken_at,
        "question": _question(report),
        "verdict": report.answer.value,
        "headline": report.headline,
        "broken": _broken(report.broken),
        "matrix": [_row(row) for row in report.matrix],
        "masquerade": _masquerade(report.masquerade),
        "source_seen": str(walk.source_seen) if walk and walk.source_seen else None,
        "forward": [_hop(hop) for hop in report.forward],
        "return": [_hop(hop) for hop in report.back],
        "routes": {str(vpc): [_route(row) for row in rows] for vpc, rows in report.routes.items()},
        "causes": [_cause(cause) for cause in report.causes],
        "remedies": [_offer(offer) for offer in report.remedies],
        "fix_sets": [_set(one) for one in report.fix_sets],
        "connectivity_test": None
        if report.connectivity_test is None
        else {**vars(report.connectivity_test), "sentences": list(report.connectivity_test.sentences)},
        "contradictions": [
            {"rule": each.rule, "sentence": each.sentence, "reasons": list(each.reasons)}
            for each in report.contradictions
        ],
        "excluded": [
            {"id": each.id, "title": each.title, "why": each.why, "probe": each.probe} for each in report.excluded
        ],
        "remaining": [vars(each) for each in report.remaining],
        "next": None
        if report.next is None
        else {"sentence": report.next.sentence, "command": report.next.command, "probes": list(report.next.probes)},
        "unknowns": [
            {"what": fact.what, "why": fact.why, "permission": fact.permission, "grant": fact.grant}
            for fact in report.unknowns
        ],
        "unexplained": list(report.unexplained),
    }


def dumps(report: Report) -> str:
    """The Report as JSON text, indented, ending in a newline."""
    return json.dumps(to_json(report), ensure_ascii=False, indent=2) + "\n"


def _question(report: Report) -> dict[str, Any] | None:
    asked = report.question
    if asked is None:
        return None
    target = asked.target
    return {
        "pod": {"namespace": asked.pod.namespace, "name": asked.pod.name},
        "target": {"ip": target.ip, "port": target.port, "protocol": target.protocol, "path": target.path},
    }


def _vpc(vpc: Vpc | None) -> dict[str, str] | None:
    return None if vpc is None or not (vpc.project and vpc.name) else {"project": vpc.project, "network": vpc.name}


def _broken(broken: Broken | None) -> dict[str, Any] | None:
    if broken is None:
        return None
    return {
        "direction": broken.direction,
        "reason": broken.reason,
        "at": _vpc(broken.vpc),
        "place": broken.place,
        "owner": broken.owner,
    }


def _row(row: MatrixRow) -> dict[str, Any]:
    return {
        "probe": row.probe,
        "observed": row.observed,
        "predicted": row.predicted,
        "agrees": row.agrees,
        "via": row.via,
    }


def _masquerade(decision: Masquerade | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "masqueraded": decision.masqueraded,
        "source": None if decision.source is None else str(decision.source),
        "reason": decision.reason,
        "range": None if decision.range is None else str(decision.range),
        "sentence": decision.sentence,
        "list_source": decision.list_source,
        "ranges": [str(entry) for entry in decision.ranges],
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "at": hop.at,
        "kind": hop.kind,
        "verdict": hop.verdict.value,
        "sentence": hop.sentence,
        "object": hop.object,
        "reason": hop.reason,
        "owner": hop.owner,
    }


def _route(row: RouteRow) -> dict[str, Any]:
    return {
        "dest": row.dest,
        "kind": row.kind,
        "next_hop": row.next_hop,
        "priority": row.priority,
        "used": row.used,
        "why_not": row.why_not,
        "sentence": row.sentence,
        "name": row.name,
        "object": row.object,
        "ghost": row.ghost,
    }


def _cause(cause: CauseFound) -> dict[str, Any]:
    return {
        "id": cause.id,
        "title": cause.title,
        "status": cause.status.value,
        "blocks": cause.blocks,
        "sentence": cause.sentence,
        "evidence": list(cause.evidence),
        "remedies": list(cause.remedies),
        "decides": cause.decides,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "system": change.system,
        "kind": change.kind,
        "key": dict(change.key),
        "owner": change.owner,
        "before": None if change.before is None else dict(change.before),
        "after": None if change.after is None else dict(change.after),
    }


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "title": offer.title,
        "sentence": offer.sentence,
        "complete": offer.complete,
        "applicable": offer.applicable,
        "owner": offer.owner,
        "predicted": offer.predicted,
        "matrix": [_row(row) for row in offer.matrix],
        "changes": list(offer.change_sentences),
        "objects": [_change(change) for change in offer.changes],
        "blast_radius": list(offer.blast_radius),
        "preconditions": [{"sentence": item.sentence, "met": item.met} for item in offer.preconditions],
        "commands": list(offer.commands),
        "undo": list(offer.undo),
        "role": offer.role.value,
        "stops": list(offer.stops),
        "permissions": list(offer.permissions),
        "effect": offer.effect,
        "documents": [{"name": document.name, "text": document.text} for document in offer.documents],
        "checks": list(offer.checks),
        "expected_before": list(offer.expected_before),
        "expected_after": list(offer.expected_after),
    }


def _set(one: FixSet) -> dict[str, Any]:
    return {
        "remedies": list(one.remedies),
        "owners": list(one.owners),
        "predicted": one.predicted,
        "stops": list(one.stops),
        "touches": list(one.touches),
        "effect": one.effect,
        "hands_off": one.hands_off,
    }
