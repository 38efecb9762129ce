"""A result of Google's Connectivity Tests as one more piece of evidence, held against our own walk.

Its shape is that of the Network Management API (`projects.locations.global.connectivityTests`, v1), as
`gcloud network-management connectivity-tests describe NAME --format=json` prints it. Names that this version does not
know are shown as they are: the API gains some with every release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules import causes as catalogue
from rules.case import Case
from rules.path import Verdict
from rules.report.model import CauseFound, TestSays
from rules.snapshot import Json
from rules.words import _

MAX_BYTES = 16 * 1024 * 1024
_REACHABLE, _UNREACHABLE = "REACHABLE", "UNREACHABLE"
_MOST = 20


class OracleError(ValueError):
    """The text is no result of a connectivity test; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class _End:
    """Where a trace ended: `word` is drop or abort, `cause` the API's name for it."""

    lane: str
    word: str
    cause: str
    project: str


def loads(text: str) -> Json:
    """The result in JSON text, also as the only one of a list; raises OracleError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OracleError(_("It is not complete JSON ({reason}).").format(reason=str(error)[:120])) from error
    if isinstance(data, list):
        if len(data) != 1:
            raise OracleError(_("It holds {count} results; give one of them.").format(count=len(data)))
        data = data[0]
    return checked(data)


def checked(data: Any) -> Json:
    """`data` if it is shaped as a connectivity test that has run; raises OracleError."""
    how = _("make one with `gcloud network-management connectivity-tests describe NAME --format=json` when it has run.")
    if not isinstance(data, dict):
        raise OracleError(_("It is not a connectivity test: it is no JSON object; {how}").format(how=how))
    found = data.get("reachabilityDetails")
    if not isinstance(found, dict):
        raise OracleError(_("It is not a connectivity test: it has no reachabilityDetails; {how}").format(how=how))
    for lane in ("reachabilityDetails", "returnReachabilityDetails"):
        details = data.get(lane, {})
        whole = isinstance(details, dict) and isinstance(details.get("result", ""), str)
        traces = details.get("traces", []) if whole else None
        if not isinstance(traces, list) or not all(_is_trace(trace) for trace in traces):
            raise OracleError(
                _("It is not a connectivity test: its {lane} is damaged; {how}").format(lane=lane, how=how)
            )
    return data


def _is_trace(trace: Any) -> bool:
    steps = trace.get("steps", []) if isinstance(trace, dict) else None
    return isinstance(steps, list) and all(isinstance(step, dict) for step in steps)


def compare(case: Case, data: Json, found: tuple[CauseFound, ...]) -> TestSays:
    """What the result says, and whether it agrees with our walk and the causes that were `found`."""
    try:
        checked(data)
    except OracleError as error:
        return TestSays("", "", "", None, (str(error),))
    name = str(data.get("name") or data.get("displayName") or "")[-200:]
    forward, back = _result(data, "reachabilityDetails"), _result(data, "returnReachabilityDetails")
    other = _other_question(case, data)
    if other:
        return TestSays(name, forward, back, None, (other,))
    said: list[str] = []
    votes: list[bool] = []
    for end in tuple(dict.fromkeys(_ends(data)))[:_MOST]:
        sentence, vote = _judged(end, found)
        said.append(sentence)
        votes += [] if vote is None else [vote]
    for skipped in tuple(dict.fromkeys(_skipped(data)))[:_MOST]:
        sentence, vote = _masquerade(case, skipped)
        said.append(sentence)
        votes += [] if vote is None else [vote]
    for lane, result, breaks in _lanes(case, forward, back):
        if result in (_REACHABLE, _UNREACHABLE) and breaks is not None:
            votes.append((result == _UNREACHABLE) == breaks)
            if not votes[-1]:
                said.append(
                    _(
                        "It calls the {lane} leg {result}, and our walk does not: one of the two read something else."
                    ).format(lane=lane, result=result)
                )
    if forward == _REACHABLE and not back:
        said.append(_("It has no return trace, and the answer is what gets lost here: test again with --round-trip."))
    return TestSays(name, forward, back, all(votes) if votes else None, tuple(said))


def _lanes(case: Case, forward: str, back: str) -> Iterator[tuple[str, str, bool | None]]:
    walk = case.walk
    for lane, result, hops in (
        ("forward", forward, walk.forward if walk else ()),
        ("return", back, walk.back if walk else ()),
    ):
        open_ended = not hops or any(hop.verdict is Verdict.UNKNOWN for hop in hops)
        yield lane, result, None if open_ended else any(hop.verdict in (Verdict.DROP, Verdict.REJECT) for hop in hops)


def _result(data: Json, lane: str) -> str:
    details = data.get(lane)
    return str(details.get("result") or "")[:60] if isinstance(details, Mapping) else ""


def _steps(data: Json) -> Iterator[tuple[str, Json]]:
    for lane, key in (("forward", "reachabilityDetails"), ("return", "returnReachabilityDetails")):
        for trace in (data.get(key) or {}).get("traces") or ():
            for step in trace.get("steps") or ():
                yield lane, step


def _ends(data: Json) -> Iterator[_End]:
    for lane, step in _steps(data):
        for word in ("drop", "abort"):
            info = step.get(word)
            if isinstance(info, Mapping):
                cause, project = (
                    str(info.get("cause") or "CAUSE_UNSPECIFIED")[:80],
                    str(step.get("projectId") or "")[:80],
                )
                yield _End(lane, word, cause, project)


def _skipped(data: Json) -> Iterator[str]:
    for lane, step in _steps(data):
        info = step.get("ipMasqueradingSkipped")
        if lane == "forward" and isinstance(info, Mapping):
            yield str(info.get("reason") or "REASON_UNSPECIFIED")[:80]


def _judged(end: _End, found: tuple[CauseFound, ...]) -> tuple[str, bool | None]:
    at = _(" in {project}").format(project=end.project) if end.project else ""
    known = {cause.id: cause.connectivity_tests for cause in catalogue.load()}
    if end.word == "abort":
        return _("It could not follow the {lane} leg{at}: {cause}.").format(lane=end.lane, at=at, cause=end.cause), None
    same = [cause.id for cause in found if end.cause in known.get(cause.id, ())]
    if same:
        text = _("It drops the packet on the {lane} leg{at}: {cause}, its name for what is found here: {ids}.")
        return text.format(lane=end.lane, at=at, cause=end.cause, ids=", ".join(same)), True
    others = [name for name, names in known.items() if end.cause in names]
    if others:
        text = _("It drops the packet on the {lane} leg{at}: {cause}, its name for {ids}, which is not found here.")
        return text.format(lane=end.lane, at=at, cause=end.cause, ids=", ".join(others[:6])), False
    text = _("It drops the packet on the {lane} leg{at}: {cause}, a name that no cause of this version has.")
    return text.format(lane=end.lane, at=at, cause=end.cause), None


def _masquerade(case: Case, reason: str) -> tuple[str, bool | None]:
    ours = case.masquerade
    if ours is None or ours.masqueraded is None:
        return _("It says that the packet is not masqueraded: {reason}.").format(reason=reason), None
    if not ours.masqueraded:
        return _("It says that the packet is not masqueraded, as we do: {reason}.").format(reason=reason), True
    return _("It says that the packet is not masqueraded ({reason}), and we say that it is.").format(
        reason=reason
    ), False


def _other_question(case: Case, data: Json) -> str:
    """A sentence when the test asks for another destination; '' otherwise."""
    end = data.get("destination")
    address = str(end.get("ipAddress") or "")[:60] if isinstance(end, Mapping) else ""
    if not address or address == str(case.dest):
        return ""
    return _("It is about {other}, not about {target}: it is shown and not used.").format(
        other=address, target=case.dest
    )
