"""RC70: the pod has an IPv6 address as well, and the peering exchanges IPv4 alone."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, some
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    pod, peering = case.pod, case.a_to_b
    if pod is None or not pod.dual_stack or peering is None or peering.dual_stack:
        return None
    vpc = peering.vpc
    words = ("gcloud", "compute", "networks", "peerings", "list", "--network", vpc.name, "--project", vpc.project)
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "Pod {pod} has an IPv6 address, and peering {name} exchanges IPv4 alone: a name with an AAAA record fails "
            "or waits where the address works."
        ).format(pod=pod.ref, name=peering.name),
        evidence=some(
            _("{vpc} peering {name}: stackType = IPV4_ONLY").format(vpc=vpc, name=peering.name),
            _("pod {pod}: status.podIPs has an IPv6 address").format(pod=pod.ref),
        ),
        decides=_("stackType = IPV4_IPV6 on both sides, or no AAAA record of the name that the application asks"),
        next=Next(_("See the stack type of the peering."), shlex.join(words)),
    )


CAUSE = Cause(
    "RC70",
    lambda: _("IPv6 does not cross the peering"),
    check,
    cells=cells("ok ok any any any"),
    prior=Prior(1, 1, 1, 1),
    rank=70,
)
