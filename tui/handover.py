"""What a fix gives a person to hand over or to put in place: a message, and the files that it needs."""

from __future__ import annotations

from dataclasses import dataclass

from rules.report.model import Offer, Report, Role
from rules.snapshot import Snapshot
from rules.words import _


@dataclass(frozen=True)
class Paper:
    """One text to read, copy or write: what it is, the file name to offer, and the text."""

    title: str
    name: str
    text: str


def message(snapshot: Snapshot, report: Report, offer: Offer) -> Paper | None:
    """The message about an offer; None where wayhome does it all itself, or only advises."""
    from rules.report import handoff
    from rules.report.handoff_print import as_markdown

    if offer.role is Role.ADVICE or not handoff.by_message(snapshot, offer):
        return None
    made = handoff.make(snapshot, report, offer)
    name = f"wayhome-{snapshot.question.pod.name}-{offer.id}.md"
    return Paper(_("the message for {project}").format(project=made.to or "?"), name, as_markdown(made))


def papers(snapshot: Snapshot, report: Report, offer: Offer) -> tuple[Paper, ...]:
    """Everything that can be written for an offer."""
    found = message(snapshot, report, offer)
    files = tuple(
        Paper(_("the file {name}").format(name=one.name), one.name.replace("/", "-"), one.text)
        for one in offer.documents
    )
    return ((found,) if found is not None else ()) + files
