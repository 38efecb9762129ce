"""The message for the other side's administrator: evidence, their commands, before and after, what else, the way back.

Whoever gets it need not know this program: everything can be done with gcloud alone. It is made from one Report and
one of its offers, and printed as Markdown or as plain text.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from rules.build import build
from rules.case import Case
from rules.report.checks import Check, checks
from rules.report.model import Offer, Report, Role
from rules.snapshot import Outcome, Probe, Snapshot
from rules.words import _

# What only this program's own readers know: its numbers of causes and its names of probes.
_CATALOGUED = re.compile(r"; RC\d+ .*?(?=[.。]$)")
_NUMBERED = re.compile(r" ?[(（]RC\d\d[^)）]*[)）]")
_OWN_WORDS = re.compile(r"\b(pod|node)-(local|peer|proxy)\b|\bRC\d\d\b")


@dataclass(frozen=True)
class Block:
    """One piece of the message: a paragraph, a list, or lines to type (`code`)."""

    lines: tuple[str, ...]
    kind: str = "text"


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Handoff:
    """The whole message; `to` is the project that it is for, empty where nobody else has a part."""

    to: str
    title: str
    sections: tuple[Section, ...]


def make(snapshot: Snapshot, report: Report, offer: Offer) -> Handoff:
    """The message about `offer` on what `snapshot` saw."""
    case = Case(build(snapshot), snapshot.question, snapshot.probes)
    to = receiver(case, offer)
    theirs = _of(offer.commands, to)
    found = checks(theirs, case, report)
    others = dict.fromkeys(owner for owner in (case.b.project if case.b else "",) if owner and owner != to)
    sections = (
        Section(_("What does not work"), tuple(_problem(case, report, to))),
        Section(_("What was measured"), (Block(tuple(_measured(case, snapshot, to)), "list"),)),
        Section(_("What is missing"), (Block(tuple(_missing(report)), "list"),)),
        Section(_("What to do in {project}").format(project=to or "?"), tuple(_to_do(case, offer, theirs, found))),
        *(Section(_("What {project} does").format(project=one), tuple(_part(offer, one))) for one in others),
        Section(_("What our side does"), tuple(_ours(case, offer, to))),
        Section(_("What else changes for you"), tuple(_touches(offer))),
        Section(_("How to take it back"), tuple(_back(offer, to, found))),
    )
    words = (
        _("A connection from {a} to {target} in {b} gets no answer: what {project} can do")
        if _within(case, to)
        else _("A connection from {a} to {target} in {b} gets no answer: your part")
    )
    title = words.format(a=case.a or "?", target=snapshot.question.target, b=case.b or to or "?", project=to)
    return Handoff(to, title, tuple(section for section in sections if section.blocks))


def receiver(case: Case, offer: Offer) -> str:
    """The project that has a part in the offer and is not the cluster's own.

    Where none is named, a hand-off is for those who make machines in the cluster's own project, anything else for the
    peer's.
    """
    own = case.a.project if case.a else ""
    named = [owner for owner in offer.owner.split(", ") if owner]
    others = [owner for owner in named if owner != own]
    if others:
        return others[0]
    if offer.role is Role.HAND_OFF and named:
        return own
    return case.b.project if case.b else ""


def for_others(snapshot: Snapshot, offer: Offer) -> bool:
    """Whether somebody else than the cluster's own project has a part in the offer."""
    own = snapshot.question.network.project if snapshot.question.network else ""
    return bool(own) and any(owner and owner != own for owner in offer.owner.split(", "))


def by_message(snapshot: Snapshot, offer: Offer) -> bool:
    """Whether a message is the way to get the offer done: for the other side, or within one's own project."""
    return offer.role is Role.HAND_OFF or for_others(snapshot, offer)


def _within(case: Case, to: str) -> bool:
    """Whether the message stays in the cluster's own project."""
    return case.a is not None and to == case.a.project and (case.b is None or to != case.b.project)


def of_project(command: str, project: str) -> bool:
    """Whether a command is gcloud's and works on `project`."""
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    flagged = (f"--project={project}" in words) or any(
        word == "--project" and words[at + 1 : at + 2] == [project] for at, word in enumerate(words)
    )
    return words[:1] == ["gcloud"] and flagged


def _of(commands: tuple[str, ...], project: str) -> tuple[str, ...]:
    return tuple(command for command in commands if of_project(command, project))


def _problem(case: Case, report: Report, to: str) -> Iterator[Block]:
    asked = case.question
    pod = case.pod.address if case.pod and case.pod.address else None
    words = (
        _(
            "A workload in a Kubernetes cluster of your network {a} (a pod, address {pod}) opens connections to "
            "{target} in {b}, over the VPC Network Peering between the two, and gets no answer."
        )
        if _within(case, to)
        else _(
            "A workload in a Kubernetes cluster of {a} (a pod, address {pod}) opens connections to {target} in "
            "your network {b}, over the VPC Network Peering between the two, and gets no answer."
        )
    )
    yield Block((words.format(a=case.a or "?", pod=pod or "?", target=asked.target, b=case.b or "?"),))
    yield Block((_CATALOGUED.sub("", report.headline),))


def _measured(case: Case, snapshot: Snapshot, to: str) -> Iterator[str]:
    for probe in snapshot.probes:
        if probe.outcome is Outcome.NOT_RUN:
            continue
        yield _("{time}: {who} to {target}: {outcome}").format(
            time=probe.started_at or snapshot.taken_at,
            who=_who(case, probe),
            target=_whither(case, probe, to),
            outcome=_outcome(probe),
        )
    if not any(probe.outcome is not Outcome.NOT_RUN for probe in snapshot.probes):
        yield _("Nothing was measured; what follows rests on the configuration as read at {time} alone.").format(
            time=snapshot.taken_at
        )


def _who(case: Case, probe: Probe) -> str:
    base, _at, node = probe.id.partition("@")
    if base.startswith("node-"):
        name = node or (case.pod.node if case.pod else "")
        known = case.world.nodes.get(name)
        address = known.address if known is not None else None
        return _("the node {name} itself ({address})").format(name=name or "?", address=address or "?")
    return _("the pod ({address})").format(address=case.pod.address if case.pod and case.pod.address else "?")


def _whither(case: Case, probe: Probe, to: str) -> str:
    asked = case.question
    if "-peer" in probe.id:
        if _within(case, to):
            return _("{target} (in {b})").format(target=asked.target, b=case.b or "?")
        return _("{target} (yours)").format(target=asked.target)
    other = asked.proxy if "-proxy" in probe.id else asked.local
    return _("{target} (in our own network)").format(target=other or "?")


def _outcome(probe: Probe) -> str:
    if probe.outcome is Outcome.OK:
        return _("answered after {seconds:.2f} s").format(seconds=probe.seconds)
    if probe.outcome is Outcome.TIMEOUT:
        return _("no answer within {seconds:.1f} s (timeout)").format(seconds=probe.seconds)
    return f"{probe.outcome.value} ({probe.seconds:.1f} s)"


def _missing(report: Report) -> Iterator[str]:
    for cause in report.causes:
        if cause.blocks:
            yield _NUMBERED.sub("", cause.sentence)
            yield from [fact for fact in cause.evidence if not _OWN_WORDS.search(fact)][:4]
    rows = [(vpc, row) for vpc, found in report.routes.items() for row in found if row.ghost]
    for vpc, row in rows[:8]:
        yield _("The route table of {vpc} lacks {dest}: {why}").format(vpc=vpc, dest=row.dest, why=row.sentence)
    if report.broken is not None and not report.causes:
        yield f"{report.broken.direction}: {report.broken.reason}"


def _to_do(case: Case, offer: Offer, theirs: tuple[str, ...], found: tuple[Check, ...]) -> Iterator[Block]:
    if not theirs:
        yield Block((_("Nothing that a command of yours would change is known to be missing."),))
        return
    if case.b_to_a is None and any("PEERING" in shlex.split(command) for command in theirs):
        yield Block(
            (
                _(
                    "Your side could not be read from ours. Put the name of your peering with {a} in the place of "
                    "PEERING; this shows it:"
                ).format(a=case.a),
            )
        )
        if case.b is not None:
            words = ("gcloud", "compute", "networks", "peerings", "list", "--network", case.b.name)
            yield Block((shlex.join((*words, "--project", case.b.project)),), "code")
    files = [command for command in offer.commands if command.startswith("cat > ")]
    if files and _within(case, receiver(case, offer)):
        yield Block((_("The commands below need these files; paste this into a shell, which writes them:"),))
        yield from (Block(tuple(file.split("\n")), "code") for file in files)
    for number, (command, check) in enumerate(zip(theirs, found, strict=True), 1):
        yield Block((_("{number}. Before it, this command").format(number=number),))
        yield Block((check.command,), "code")
        yield Block((_("shows: {before}").format(before=check.before), _("Then:")))
        yield Block(tuple(command.split("\n")), "code")
        yield Block((_("Afterwards the first command shows: {after}").format(after=check.after),))
        for other, shows in check.more:
            yield Block((_("And this one"),))
            yield Block((other,), "code")
            yield Block((_("shows: {after}").format(after=shows),))
    if any(side is not None and side.consensus for side in (case.a_to_b, case.b_to_a)):
        yield Block(
            (
                _(
                    "The peering's update strategy is CONSENSUS: neither side's change is in force before the other "
                    "side has made its own. Until then updateStatus of the connection says that an acknowledgement "
                    "is pending; afterwards it says IN_SYNC."
                ),
            )
        )
    needed = [one for one in offer.permissions if receiver(case, offer) in one]
    if needed:
        yield Block((_("Whoever does it needs: {permissions}.").format(permissions=", ".join(needed)),))
    if offer.effect:
        yield Block((_("Takes effect after {effect}.").format(effect=offer.effect),))
    yield Block((_("Please tell us when it is done: we measure again, and tell you what we see."),))


def _part(offer: Offer, project: str) -> Iterator[Block]:
    """The part of a project that is neither the receiver's nor the cluster's own."""
    mine = _of(offer.commands, project)
    if mine:
        yield Block((_("It has a part too, and has to be asked:"),))
        yield Block(tuple(line for command in mine for line in command.split("\n")), "code")


def _ours(case: Case, offer: Offer, to: str) -> Iterator[Block]:
    own = case.a.project if case.a else ""
    mine = _of(offer.commands, own) if own and own != to else ()
    if mine:
        yield Block((_("For your information; you need not do this:"),))
        yield Block(tuple(line for command in mine for line in command.split("\n")), "code")
        if any(change.kind == "peering" for change in offer.changes):
            yield Block((_("Which side is first does not matter: no route crosses before both have done their part."),))


def _touches(offer: Offer) -> Iterator[Block]:
    if offer.blast_radius:
        yield Block(offer.blast_radius, "list")
    unmet = tuple(one.sentence for one in offer.preconditions if one.met is False)
    if unmet:
        yield Block((_("It helps only once the following holds too, which is not so today:"),))
        yield Block(unmet, "list")
    open_needs = tuple(one.sentence for one in offer.preconditions if one.met is None)
    if open_needs:
        yield Block((_("It helps only if the following holds, which we could not see from our side:"),))
        yield Block(open_needs, "list")


def _back(offer: Offer, to: str, found: tuple[Check, ...]) -> Iterator[Block]:
    undo = _of(offer.undo, to)
    if undo:
        yield Block(tuple(line for command in undo for line in command.split("\n")), "code")
        if found:
            yield Block((_("Then the commands above show again what they showed before."),))
