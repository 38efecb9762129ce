"""RC46: the peer's firewall admits ping and not this port, or this port and not ping."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.doors import doors, knock, local_admitted, other_protocol, rules_of, silent
from rules.firewall import Answer
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found = doors(case)
    if found is None:
        return None
    asked = case.question.target
    if found.seen.answer is Answer.ALLOW:
        ping = knock(case, found.worn, "icmp") if asked.protocol != "icmp" else None
        if ping is None or ping.answer is not Answer.DENY:
            return None
        return Finding(
            status=Status.LATENT,
            blocks=False,
            sentence=_(
                "The firewall of {b} admits {protocol} and drops ping: a ping that fails proves nothing here."
            ).format(b=case.b, protocol=asked.protocol),
            evidence=some(found.seen.sentence, ping.sentence),
            decides=_("a rule of {b} that admits icmp at the target").format(b=case.b),
        )
    rule, other = found.seen.rule, other_protocol(case, found.worn)
    if rule is None or rule.stage not in ("implied", "vpc"):
        return None
    if not found.nobody or not other or not silent(case) or local_admitted(case) is not None:
        return None
    admitted = knock(case, found.worn, other, None if other == "icmp" else asked.port or 80)
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("The firewall of {b} admits {other} from {source} and drops {protocol}.").format(
            b=case.b, other=other, source=found.worn, protocol=_what(case)
        ),
        evidence=some(found.seen.sentence, admitted.sentence if admitted else "", probes_say(case)),
        decides=_("a rule of {b} that admits {protocol} from {source}").format(
            b=case.b, protocol=_what(case), source=found.worn
        ),
        next=rules_of(case.b, _("Let {owner} list the rules in force.").format(owner=case.b.project if case.b else "")),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


def _what(case: Case) -> str:
    asked = case.question.target
    return asked.protocol if asked.port is None else f"{asked.protocol}:{asked.port}"


CAUSE = Cause(
    "RC46",
    lambda: _("Another protocol is admitted, this one is not"),
    check,
    cells=cells("ok ok timeout timeout any", protocol="ok"),
    prior=Prior(2, 2, 2, 2),
    rank=19,
    connectivity_tests=("FIREWALL_RULE",),
)
