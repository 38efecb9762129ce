"""RC27: an Autopilot cluster's EgressNATPolicy keeps the pod's address towards a target that does not serve pods."""

from __future__ import annotations

import shlex
from ipaddress import IPv4Network

from rules.build.read import network, objects, text
from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.causes.crossing import own_address_is_lost
from rules.report.model import Next, Status
from rules.words import _


def listing(case: Case) -> tuple[str, IPv4Network] | None:
    """The EgressNATPolicy that names the target, and the range by which it does."""
    for policy in case.world.egress_nat_policies or ():
        for entry in objects(policy, "spec", "destinations"):
            found = network(entry.get("cidr"))
            if found is not None and case.dest in found:
                return text(policy, "metadata", "name"), found
    return None


def check(case: Case) -> Finding | None:
    cluster, found = case.world.cluster, listing(case)
    if cluster is None or not cluster.autopilot or found is None or not own_address_is_lost(case) or not case.breaks:
        return None
    name, cidr = found
    words = ("kubectl", "get", "egressnatpolicies", name, "--output", "yaml")
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "EgressNATPolicy {name} lists {range}, so {target} sees the pod's own address {pod}, which gets no further "
            "than {where}."
        ).format(
            name=name,
            range=cidr,
            target=case.dest,
            pod=case.pod.address if case.pod else "",
            where=case.breaks[0].at,
        ),
        evidence=some(
            _("EgressNATPolicy {name}: action NoSNAT, destinations has {range}").format(name=name, range=cidr),
            case.breaks[0].sentence,
            probes_say(case),
        ),
        remedies=("egress-nat-policy", "peer-firewall"),
        decides=_("an EgressNATPolicy without {range}, or a peer that serves pods' addresses").format(range=cidr),
        next=Next(_("Read the policy's destinations."), shlex.join(words)),
        owner=cluster.project,
    )


CAUSE = Cause(
    "RC27",
    lambda: _("The EgressNATPolicy keeps the pods' addresses"),
    check,
    rank=40,
    cells=cells("any any any timeout any"),
    prior=Prior(0, 0, 0, 9),
    connectivity_tests=("DESTINATION_IP_IN_CONFIGURED_NON_MASQUERADE_RANGE",),
)
