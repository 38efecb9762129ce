"""The verdict in one sentence: the leg, the VPC, the reason, the owner."""

from __future__ import annotations

from rules.case import Case
from rules.causes import Finding
from rules.path import Hop, Leg
from rules.report.model import Answer, Broken, CauseFound, Status
from rules.snapshot import Outcome
from rules.words import _

ENDED = ("Succeeded", "Failed")
_NOWHERE = {"PRIVATE_TRAFFIC_TO_INTERNET": "NO_ROUTE"}


def broken(case: Case, first: Finding | None = None) -> Broken | None:
    """The broken leg that the walk proves, when pod → peer fails; None when the model knows no break.

    That is the first one, unless the `first` cause knows that the fault behind it is in another VPC.
    """
    hop = _break(case, first)
    if hop is None:
        return None
    owner = first.owner if first else ""
    return Broken(
        direction=hop.leg.value,
        reason=reason(hop),
        vpc=hop.vpc,
        place=hop.at,
        owner=owner or hop.owner or (hop.vpc.project if hop.vpc else ""),
    )


def _break(case: Case, first: Finding | None) -> Hop | None:
    if not case.blocked or not case.breaks:
        return None
    there = [hop for hop in case.breaks if first is not None and first.at is not None and hop.vpc == first.at]
    return there[0] if there else case.breaks[0]


def reason(hop: Hop) -> str:
    """The reason to report: a private packet that matches the default route alone has no route."""
    return _NOWHERE.get(hop.reason, hop.reason) or "UNKNOWN"


def headline(case: Case, answer: Answer, leg: Broken | None, causes: tuple[CauseFound, ...]) -> str:
    """One sentence for a person who reads nothing else."""
    pod, target = case.question.pod, case.question.target
    if answer is Answer.REACHABLE:
        return _("{pod} reaches {target}.").format(pod=pod, target=target)
    found = case.pod
    if found is not None and found.address is None and case.measured("pod-peer") is None:
        return _("{pod} has no address (phase {phase}) and sends nothing; choose a pod that runs.").format(
            pod=pod, phase=found.phase or "?"
        )
    sentence = _unknown(case, answer, causes) if leg is None else _broken(case, leg, answer, causes)
    if found is not None and found.phase in ENDED and case.measured("pod-peer") is None:
        return _("{pod} has ended ({phase}) and sends nothing; of a pod that runs in its place: {sentence}").format(
            pod=pod, phase=found.phase, sentence=sentence
        )
    return sentence


def _broken(case: Case, leg: Broken, answer: Answer, causes: tuple[CauseFound, ...]) -> str:
    hop = next((hop for hop in case.breaks if (hop.leg.value, hop.at) == (leg.direction, leg.place)), None)
    lane = (
        _("The answer is lost on the return leg")
        if leg.direction == Leg.RETURN.value
        else _("The request is lost on the forward leg")
    )
    where = str(leg.vpc) if leg.vpc else leg.place
    why = _why(case, leg, hop)
    also = _also(causes)
    owner = _("owner {owner}").format(owner=leg.owner or _("unknown"))
    text = _("{lane}, at {where}: {why} ({reason}; {owner})").format(
        lane=lane, where=where, why=why, reason=leg.reason, owner=owner
    )
    if answer is Answer.UNKNOWN:
        text += "; " + _("no cause in the catalogue explains it with evidence")
    return _("{sentence}.").format(sentence=text + also)


def _why(case: Case, leg: Broken, hop: Hop | None) -> str:
    if leg.reason == "NO_ROUTE" and leg.vpc is not None:
        lost = case.walk.source_seen if leg.direction == Leg.RETURN.value and case.walk else case.dest
        if case.pod is not None and lost == case.pod.address:
            return _("no route to the pod's address {address}").format(address=lost)
        return _("no route to {address}").format(address=lost)
    return _lowered(hop.sentence.rstrip(".。")) if hop else leg.reason


def _lowered(sentence: str) -> str:
    """A sentence as the tail of another one: its first letter small, unless it begins an abbreviation or a name."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _also(causes: tuple[CauseFound, ...]) -> str:
    """The deeper cause where it is not the broken leg itself: a fault nearer to whoever reads this."""
    first = next(
        (cause for cause in causes if cause.blocks and cause.status in (Status.CONFIRMED, Status.LIKELY)), None
    )
    if first is None or first.id in ("RC01", "RC02", "RC03", "RC66"):
        return ""
    return "; " + f"{first.id} {first.title}"


def _unknown(case: Case, answer: Answer, causes: tuple[CauseFound, ...]) -> str:
    pod, target = case.question.pod, case.question.target
    seen = case.measured("pod-peer")
    if case.misnamed:
        name = case.repeats("host")[0][0].value
        return _("{pod} reaches {target} by its address, and does not by the name {name}.").format(
            pod=pod, target=target, name=name
        )
    if answer is Answer.BROKEN:
        first = next(cause for cause in causes if cause.blocks)
        return _("{pod} does not reach {target}: {sentence}").format(pod=pod, target=target, sentence=first.sentence)
    if seen is Outcome.REFUSED:
        return _(
            "{pod} is refused by {target}: packets arrive and come home, so no leg is broken; nothing listens there."
        ).format(pod=pod, target=target)
    if seen is Outcome.APP_ERROR:
        return _(
            "{pod} reaches {target}, whose application answers with an error: no leg of the way is broken."
        ).format(pod=pod, target=target)
    if seen is Outcome.DNS:
        return _("{pod} could not resolve a name, so the way to {target} was not tried.").format(pod=pod, target=target)
    if seen is None:
        if case.pod is None:
            return _("Nothing is known of {pod}, so nothing can be said of its way to {target}.").format(
                pod=pod, target=target
            )
        if case.walk is not None and case.walk.outcome is Outcome.OK:
            return _("Everything that was read lets {pod} reach {target}, but it was not measured.").format(
                pod=pod, target=target
            )
        return _("Whether {pod} reaches {target} was not measured and cannot be told from what was read.").format(
            pod=pod, target=target
        )
    if case.walk is not None and case.walk.doubts:
        doubt = case.walk.doubts[0]
        return _("{pod} does not reach {target}; the broken leg cannot be told: {doubt}").format(
            pod=pod, target=target, doubt=doubt.sentence
        )
    if case.walk is not None and case.walk.breaks:
        return _(
            "{pod} does not reach {target}; the only break that was read is refuted by an answer to another probe."
        ).format(pod=pod, target=target)
    return _("{pod} does not reach {target} although everything that was read lets it through.").format(
        pod=pod, target=target
    )
