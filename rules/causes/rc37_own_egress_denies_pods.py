"""RC37: an egress rule of the cluster's own VPC names the pods' addresses and not the nodes'."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.doors import dropped, leaves, rules_of
from rules.path import Verdict
from rules.report.model import Status
from rules.words import _


def check(case: Case) -> Finding | None:
    found = leaves(case)
    if found is None or not case.blocked or case.told or not case.wears_pod_address:
        return None
    pod, node = found
    if not dropped(pod) or node.verdict is not Verdict.OK:
        return None
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "An egress rule of {a} drops packets from the pod's address {pod} and lets the node's leave."
        ).format(a=case.a, pod=case.pod.address if case.pod else ""),
        evidence=some(
            _("source = pod: {sentence}").format(sentence=pod.sentence),
            _("source = node: {sentence}").format(sentence=node.sentence),
            probes_say(case),
        ),
        remedies=("masquerade-minimal", "masquerade-article"),
        decides=_("an egress rule of {a} with a lower priority number that admits the pod's address").format(a=case.a),
        next=rules_of(case.a, _("List the rules in force in {a}.").format(a=case.a)),
        at=case.a,
        owner=pod.owner,
    )


CAUSE = Cause(
    "RC37",
    lambda: _("An egress rule denies the pods' addresses"),
    check,
    cells=cells("any ok ok timeout any"),
    prior=Prior(1, 1, 1, 1),
    rank=14,
    connectivity_tests=("FIREWALL_RULE",),
)
