"""RC51: a policy-based route of the cluster's VPC takes what pods send, and not what nodes send."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.crossing import MASQUERADE
from rules.causes.diverted import said, taken
from rules.own_routes import machine_under
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    pod, node, a = case.pod, case.node, case.a
    if pod is None or pod.address is None or node is None or node.address is None or a is None:
        return None
    if not case.wears_pod_address or case.told or not case.blocked:
        return None
    vm = machine_under(case.world, node)
    tags = vm.tags if vm is not None else frozenset[str]()
    route = taken(case, a, pod.address, case.dest, tags)
    if route is None or taken(case, a, node.address, case.dest, tags) == route or not case.node_gets_through:
        return None
    words = ("gcloud", "network-connectivity", "policy-based-routes", "list", "--project", a.project)
    return Finding(
        status=Status.LIKELY,
        blocks=True,
        sentence=_(
            "{a} sends what comes from {pod} to {hop} by policy-based route {name}, before any other route; what comes "
            "from the node takes the peering and is answered."
        ).format(a=a, pod=pod.address, hop=route.next_hop.name, name=route.name),
        evidence=some(said(case, route), probes_say(case)),
        remedies=MASQUERADE,
        decides=_("whether {hop} passes the packet on to {target}").format(hop=route.next_hop.name, target=case.dest),
        next=Next(
            _("List the policy-based routes and ask whose {hop} is.").format(hop=route.next_hop.name), shlex.join(words)
        ),
        at=a,
        owner=a.project,
    )


CAUSE = Cause(
    "RC51",
    lambda: _("A policy-based route takes the pods' packets"),
    check,
    rank=30,
    cells=cells("any ok ok timeout any"),
    prior=Prior(2, 3, 3, 3),
)
