"""RC30: the peer's firewall admits the nodes' addresses and not the pods'."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, probes_say, some
from rules.path import Hop, Verdict
from rules.report.model import Next, Status
from rules.words import _


def doors(case: Case) -> tuple[Hop, Hop] | None:
    """The target's door as the pod's packet and as the node's packet meet it, when the pod wears its own address."""
    if not case.wears_pod_address or not case.blocked or case.told:
        return None
    pod = case.hop(case.walk, "ingress-firewall")
    node = case.hop(case.node_walk, "ingress-firewall")
    return None if pod is None or node is None else (pod, node)


def check(case: Case) -> Finding | None:
    found = doors(case)
    if found is None:
        return None
    pod, node = found
    if pod.verdict is Verdict.DROP and node.verdict is Verdict.OK:
        return _proven(case, pod, node)
    if pod.verdict is Verdict.UNKNOWN and node.verdict is not Verdict.DROP and case.node_gets_through:
        return _open(case, pod)
    return None


def _proven(case: Case, pod: Hop, node: Hop) -> Finding:
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("The firewall of {b} admits the node's address and drops the pod's address {pod}.").format(
            b=case.b, pod=case.pod.address if case.pod else ""
        ),
        evidence=some(
            _("source = pod: {sentence}").format(sentence=pod.sentence),
            _("source = node: {sentence}").format(sentence=node.sentence),
            probes_say(case),
        ),
        remedies=("peer-firewall", "masquerade-minimal", "masquerade-article"),
        decides=_("a rule of {b} that admits the pod's address at the target").format(b=case.b),
    )


def _open(case: Case, pod: Hop) -> Finding:
    words = ("gcloud", "compute", "firewall-rules", "list", "--project", case.b.project if case.b else "")
    return Finding(
        status=Status.POSSIBLE,
        blocks=False,
        sentence=_("Whether the firewall of {b} admits the pod's address {pod} could not be read.").format(
            b=case.b, pod=case.pod.address if case.pod else ""
        ),
        evidence=some(pod.sentence, probes_say(case)),
        remedies=("peer-firewall", "masquerade-minimal", "masquerade-article"),
        decides=_("the effective firewall of the target for the pod's address"),
        next=Next(
            _("Let {owner} list the firewall rules that apply to the target.").format(
                owner=case.b.project if case.b else ""
            ),
            shlex.join((*words, "--filter", f"network~/{case.b.name}$")) if case.b else "",
        ),
    )


CAUSE = Cause(
    "RC30",
    lambda: _("The peer's firewall admits nodes but not pods"),
    check,
    rank=55,
    prior=Prior(7, 9, 7, 8),
    connectivity_tests=("FIREWALL_RULE",),
)
