"""public-path: the target behind an external address, asked over the internet. Advice."""

from __future__ import annotations

from rules.case import Case
from rules.remedies.advice import advice, applies
from rules.remedies.effect import Effect
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Precondition, Role
from rules.words import _


def draft(case: Case) -> Draft | None:
    b = case.b
    if b is None or not applies(case):
        return None
    return advice(
        case,
        _(
            "The target gets an external address or load balancer, and pods ask that: towards the internet they wear "
            "their node's external address or Cloud NAT's."
        ),
        b.project,
        (
            Precondition(_("the service may be exposed, with TLS and an allow-list"), None),
            Precondition(_("the cluster's egress addresses are fixed (Cloud NAT with reserved addresses)"), None),
        ),
        (_("the service can be reached from the internet by whoever the allow-list lets in; traffic costs egress"),),
        Effect.MACHINE,
    )


REMEDY = Remedy("public-path", lambda: _("Ask the target over a public address"), draft, role=Role.ADVICE)
