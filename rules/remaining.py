"""Which causes remain where evidence is missing: what each unread part of the world would decide, it leaves open."""

from __future__ import annotations

from collections.abc import Iterable

from rules.case import Case
from rules.causes import Cause
from rules.report.model import CauseRemaining
from rules.snapshot import Outcome
from rules.unknowns import cost
from rules.words import _

# By the words of a read: the causes whose evidence it brings.
_DECIDES: dict[str, str] = {
    "networks.get": "RC01 RC02 RC03 RC04 RC11 RC12 RC57 RC58 RC59 RC63",
    "listPeeringRoutes": "RC01 RC02 RC03 RC05 RC08 RC09 RC11 RC12 RC15 RC31 RC48 RC60 RC61 RC62 RC63",
    "routes.list": "RC01 RC05 RC06 RC08 RC09 RC10 RC15 RC31 RC48 RC52",
    "subnetworks.aggregatedList": "RC06 RC07 RC11 RC59 RC72",
    "getEffectiveFirewalls": "RC30 RC31 RC32 RC33 RC34 RC35 RC36 RC37 RC39 RC46 RC47 RC72 RC74",
    "instances.aggregatedList": "RC39 RC49 RC55 RC66",
    "instances.get": "RC49 RC55",
    "forwardingRules.aggregatedList": "RC64 RC65",
    "routers.aggregatedList": "RC05 RC15 RC60 RC61 RC62",
    "getRouterStatus": "RC05 RC15 RC60 RC61 RC62",
    "policyBasedRoutes": "RC51",
    "clusters.get": "RC25 RC26 RC27 RC42 RC43 RC54",
    "configmaps": "RC16 RC17 RC20 RC21 RC22 RC23",
    "daemonsets": "RC18 RC19 RC24",
    "kubernetes.pods": "RC19",
    "networkpolicies": "RC42 RC43",
    "egressnatpolicies": "RC27",
    "kubernetes.services": "RC53",
    "kubernetes.nodes": "RC10 RC48 RC54 RC71",
    "node_nat": "RC23 RC24 RC28",
}
_CLOUD = (
    "compute.networks.get",
    "compute.networks.listPeeringRoutes",
    "compute.routes.list",
    "compute.subnetworks.aggregatedList",
    "compute.networks.getEffectiveFirewalls",
    "compute.instances.aggregatedList",
    "compute.forwardingRules.aggregatedList",
    "compute.routers.aggregatedList",
    "container.clusters.get",
)


def remaining(case: Case, catalogued: Iterable[Cause], settled: Iterable[str]) -> tuple[CauseRemaining, ...]:
    """Causes that could be it as far as is known, the usual ones first; `settled` are found or ruled out already.

    Where the pod's VPC is not known, nothing of the networks is. Empty where pod → peer is answered.
    """
    if case.measured("pod-peer") is Outcome.OK:
        return ()
    unread = [gap.read for gap in case.world.gaps] + list(_CLOUD if case.a is None else ())
    reasons: dict[str, list[str]] = {}
    for read in dict.fromkeys(unread):
        words = set(read.split("."))
        for method, ids in _DECIDES.items():
            if set(method.split(".")) <= words:
                for name in ids.split():
                    reasons.setdefault(name, []).append(cost(read))
    found = [cause for cause in catalogued if cause.id in reasons and cause.id not in set(settled)]
    found = [cause for cause in found if cause.prior.of(case.shape)]
    found.sort(key=lambda cause: (-cause.prior.of(case.shape), cause.id))
    return tuple(CauseRemaining(cause.id, cause.title, _why(reasons[cause.id])) for cause in found)


def _why(costs: Iterable[str]) -> str:
    return _("not known: {what}").format(what="; ".join(dict.fromkeys(each for each in costs if each)))
