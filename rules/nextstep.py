"""The cheapest observation that would settle what is open."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rules import consumer, grants, observations
from rules.case import Case
from rules.causes import Cause, Finding
from rules.report.model import Answer, Next, Status
from rules.snapshot import Gap, Outcome
from rules.words import _


def choose(case: Case, answer: Answer, found: Sequence[tuple[Cause, Finding]]) -> Next | None:
    """The cheapest observation that is still worth making; None when nothing is open."""
    if answer is Answer.REACHABLE:
        return _runnable(found)
    blockers = [finding for _cause, finding in found if finding.blocks and finding.status is Status.CONFIRMED]
    if not blockers:
        told = observations.separating(case, found) or _of_blocker(found) or observations.healing(case)
        if told is not None:
            return told
        for _cause, finding in found:
            if finding.next is not None and finding.status in (Status.LIKELY, Status.POSSIBLE):
                return finding.next
    if case.measured("pod-peer") is None and case.pod is not None:
        return _measure(case)
    if case.measured("pod-peer") is Outcome.REFUSED:
        return _listening(case)
    if blockers or answer is Answer.BROKEN:
        return _runnable([each for each in found if each[1].status in (Status.LIKELY, Status.POSSIBLE)])
    if case.measured("node-peer") is None and case.node is not None:
        return _from_node(case)
    if case.world.gaps:
        gap = case.world.gaps[0]
        return Next(
            _("Read what could not be read: {read} of {what}.").format(read=gap.read, what=gap.of),
            _grant(gap),
        )
    return _watch(case)


def _of_blocker(found: Sequence[tuple[Cause, Finding]]) -> Next | None:
    return _runnable([(cause, finding) for cause, finding in found if finding.blocks])


def _runnable(found: Sequence[tuple[Cause, Finding]]) -> Next | None:
    """The first observation that wayhome can make by itself."""
    return next((finding.next for _cause, finding in found if finding.next is not None and finding.next.probes), None)


def _curl(case: Case) -> tuple[str, ...]:
    target = case.question.target
    return ("curl", "-sS", "-m", "3", f"http://{target.ip}:{target.port or 80}{target.path or '/'}")


def _measure(case: Case) -> Next:
    pod = case.question.pod
    unmade = case.probes.get("pod-peer")
    grant = grants.refused(unmade.why) if unmade is not None else ""
    if grant:
        return Next(_("Have the right to run commands in the pod granted, then measure it."), grant)
    return Next(
        _("Measure it: ask from the pod, on a fresh connection."),
        shlex.join(("kubectl", "exec", "-n", pod.namespace, pod.name, "--", *_curl(case))),
    )


def _from_node(case: Case) -> Next:
    node = case.node.name if case.node else ""
    image = "curlimages/curl"
    words = ("kubectl", "debug", f"node/{node}", "-it", f"--image={image}", "--", *_curl(case))
    return Next(
        _("Ask the same from the pod's node: where it is answered, the pod's own address is what matters."),
        shlex.join(words),
    )


def _listening(case: Case) -> Next:
    target = case.question.target
    owner = case.world.instance_at(case.dest, case.b) if case.b else None
    remote = f"ss -ltn sport = :{target.port}" if target.port else "ss -ltn"
    words = ("gcloud", "compute", "ssh", owner.name if owner else str(case.dest), "--command", remote)
    place = ("--project", owner.project, "--zone", owner.zone) if owner else ()
    return Next(_("Look on the target whether anything listens on the port."), shlex.join((*words, *place)))


def _watch(case: Case) -> Next:
    """Where everything read lets the packet through, only the target's own network card can tell."""
    owner = case.world.instance_at(case.dest, case.b) if case.b else None
    source = case.walk.source_seen if case.walk else None
    remote = f"sudo tcpdump -ni any host {source}" if source else "sudo tcpdump -ni any"
    words = ("gcloud", "compute", "ssh", owner.name if owner else str(case.dest), "--command", remote)
    place = ("--project", owner.project, "--zone", owner.zone) if owner else ()
    return Next(
        _("Watch at the target while the probe runs: does the request arrive, and from which address?"),
        shlex.join((*words, *place)),
    )


def _grant(gap: Gap) -> str:
    charged = consumer.refusal(gap.detail) if gap.why == "forbidden" else None
    if charged is not None or not gap.permission:
        return charged.command if charged is not None else ""
    project = gap.of.partition("/")[0]
    words = ("gcloud", "projects", "get-iam-policy", project, "--flatten", "bindings[].members")
    return shlex.join((*words, "--filter", "bindings.role:roles/compute.networkViewer"))
