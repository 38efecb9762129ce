"""RC47: the test VM's own firewall drops the pods, which makes pod networking look broken."""

from __future__ import annotations

from ipaddress import IPv4Address

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.doors import rules_of
from rules.path import Source, Verdict
from rules.report.model import Status
from rules.snapshot import Target
from rules.words import _


def check(case: Case) -> Finding | None:
    for probe, target in (("pod-local", case.question.local), ("pod-proxy", case.question.proxy)):
        found = _at(case, probe, target) if target is not None else None
        if found is not None:
            return found
    return None


def _at(case: Case, probe: str, target: Target) -> Finding | None:
    if case.pod is None or case.node is None or case.a is None or case.contradicted(probe):
        return None
    pod = case.hop(case.way(Source(pod=case.question.pod), target), "ingress-firewall", vpc=case.a)
    node = case.hop(case.way(Source(node=case.pod.node), target), "ingress-firewall", vpc=case.a)
    if pod is None or node is None or pod.verdict is not Verdict.DROP or node.verdict is not Verdict.OK:
        return None
    vm = case.world.instance_at(IPv4Address(target.ip), case.a)
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "The firewall of {a} itself drops the pod at {vm} ({address}) and admits the node: {probe} fails for a "
            "reason of its own."
        ).format(a=case.a, vm=vm.name if vm else target.ip, address=target.ip, probe=probe),
        evidence=some(
            _("source = pod: {sentence}").format(sentence=pod.sentence),
            _("source = node: {sentence}").format(sentence=node.sentence),
            probes_say(case),
        ),
        decides=_("a rule of {a} that admits the pod range at {address}").format(a=case.a, address=target.ip),
        next=rules_of(case.a, _("List the rules in force in {a}.").format(a=case.a)),
        at=case.a,
        owner=case.a.project,
    )


CAUSE = Cause(
    "RC47",
    lambda: _("The own VPC's firewall drops pods at the test VM"),
    check,
    cells=cells("timeout ok any any any"),
    prior=Prior(2, 2, 2, 2),
    rank=60,
    connectivity_tests=("FIREWALL_RULE",),
)
