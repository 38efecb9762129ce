"""RC69: a name could not be resolved, so no packet was ever sent to the peer."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _


def check(case: Case) -> Finding | None:
    failed = sorted(probe for probe in case.probes if case.measured(probe) is Outcome.DNS)
    if not failed:
        return None
    ref = case.question.pod
    words = ("kubectl", "exec", "--namespace", ref.namespace, ref.name, "--", "cat", "/etc/resolv.conf")
    return Finding(
        status=Status.LIKELY,
        blocks=False,
        sentence=_("A name did not resolve in {probes}: that says nothing of the way to {target}.").format(
            probes=", ".join(failed), target=case.dest
        ),
        evidence=some(*(_("{probe} dns").format(probe=probe) for probe in failed), probes_say(case)),
        decides=_("the same request by the address {target}").format(target=case.dest),
        next=Next(_("See which name server the pod asks."), shlex.join(words)),
    )


CAUSE = Cause(
    "RC69",
    lambda: _("A name does not resolve"),
    check,
    cells=cells("any any any dns|ok any"),
    prior=Prior(2, 2, 2, 2),
    rank=60,
)
