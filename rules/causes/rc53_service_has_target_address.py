"""RC53: a Service of the cluster has the target's address, so the node gives the packet to that Service's pods."""

from __future__ import annotations

from rules.build.read import mapping, text, texts
from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Json, Outcome
from rules.words import _


def owner(case: Case) -> Json | None:
    """The Service whose clusterIP is the target's address."""
    wanted = str(case.dest)
    services = case.world.services or ()
    return next(
        (each for each in services if wanted in (text(each, "spec", "clusterIP"), *texts(each, "spec", "clusterIPs"))),
        None,
    )


def check(case: Case) -> Finding | None:
    service, cluster = owner(case), case.world.cluster
    whole = cluster.service_range if cluster is not None else None
    if service is None:
        return _latent(case) if whole is not None and case.dest in whole else None
    if case.b is None:
        return None
    name = f"{text(service, 'metadata', 'namespace')}/{text(service, 'metadata', 'name')}"
    answered = case.measured("pod-peer") is Outcome.OK
    selector = ", ".join(f"{key}={value}" for key, value in mapping(service, "spec", "selector").items())
    space, _slash, short = name.partition("/")
    return Finding(
        status=Status.LATENT if answered else Status.CONFIRMED,
        blocks=not answered,
        sentence=_(
            "{target} is the clusterIP of Service {name}: on every node of this cluster packets to it go to that "
            "Service's pods, never to {b}."
        ).format(target=case.dest, name=name, b=case.b),
        evidence=some(
            _("Service {name}: spec.clusterIP = {target}, selector {selector}").format(
                name=name, target=case.dest, selector=selector or "-"
            ),
            _("the cluster's servicesIpv4Cidr = {range} holds {target}").format(range=whole, target=case.dest)
            if whole is not None and case.dest in whole
            else "",
            probes_say(case),
        ),
        decides=_("an answer to a VM of {a} outside the cluster").format(a=case.a),
        next=Next(
            _("See who is behind that Service."),
            f"kubectl get endpointslices -n {space} -l kubernetes.io/service-name={short}",
        ),
        at=case.a,
        owner=cluster.project if cluster is not None else "",
    )


def _latent(case: Case) -> Finding:
    cluster = case.world.cluster
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "{target} lies in the cluster's range for Services: the day a Service gets that address, this cluster "
            "loses the target."
        ).format(target=case.dest),
        evidence=(_("servicesIpv4Cidr = {range}").format(range=cluster.service_range if cluster is not None else ""),),
        decides=_("a range for Services that does not hold {target}").format(target=case.dest),
    )


CAUSE = Cause(
    "RC53",
    lambda: _("A Service of the cluster has the target's address"),
    check,
    rank=12,
    cells=cells("ok ok refused|app-error|timeout refused|app-error|timeout ok"),
    prior=Prior(2, 1, 1, 1),
)
