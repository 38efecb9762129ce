"""RC69: by its address the target answers; its name leads to nowhere in the pod, or elsewhere."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _


def check(case: Case) -> Finding | None:
    by_name = case.repeats("host")
    if case.misnamed:
        repeat, seen = by_name[0]
        return _finding(case, repeat.value, seen)
    unresolved = sorted(probe for probe in case.probes if case.measured(probe) is Outcome.DNS)
    if not unresolved:
        return None
    if by_name:
        return _finding(case, by_name[0][0].value, Outcome.DNS)
    return Finding(
        status=Status.LIKELY,
        blocks=False,
        sentence=_("A name did not resolve in {probes}: that says nothing of the way to {target}.").format(
            probes=", ".join(unresolved), target=case.dest
        ),
        evidence=some(*(_("{probe} dns").format(probe=probe) for probe in unresolved), probes_say(case)),
        decides=_("the same request by the address {target}").format(target=case.dest),
        next=_servers(case),
    )


def _finding(case: Case, name: str, seen: Outcome) -> Finding:
    """What the pod's request by `name` showed; it stands in the way only where the address itself is answered."""
    if seen is Outcome.DNS:
        sentence = _("The name {name} does not resolve in the pod, so no packet leaves for {target}.")
    else:
        sentence = _("By the name {name} the pod meets {seen}: the name may lead to another address than {target}.")
    return Finding(
        status=Status.CONFIRMED if seen is Outcome.DNS else Status.LIKELY,
        blocks=case.misnamed,
        sentence=sentence.format(name=name, target=case.dest, seen=seen.value),
        evidence=some(_("pod-peer by the name {name}: {seen}").format(name=name, seen=seen.value), probes_say(case)),
        decides=_("the address that the pod is told for {name}: it must be {target}").format(
            name=name, target=case.dest
        ),
        next=_lookup(case, name),
        at=case.a if case.misnamed else None,
        owner=case.a.project if case.a and case.misnamed else "",
    )


def _lookup(case: Case, name: str) -> Next:
    ref = case.question.pod
    words = ("kubectl", "exec", "--namespace", ref.namespace, ref.name, "--", "nslookup", name)
    return Next(_("See which address the pod is told for the name."), shlex.join(words))


def _servers(case: Case) -> Next:
    ref = case.question.pod
    words = ("kubectl", "exec", "--namespace", ref.namespace, ref.name, "--", "cat", "/etc/resolv.conf")
    return Next(_("See which name server the pod asks."), shlex.join(words))


CAUSE = Cause(
    "RC69",
    lambda: _("A name does not resolve"),
    check,
    cells=cells("any any any dns|ok any"),
    prior=Prior(2, 2, 2, 2),
    rank=60,
)
