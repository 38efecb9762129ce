"""RC73: the proxy itself does not listen, or does not reach the target."""

from __future__ import annotations

from ipaddress import IPv4Address

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.path import Source
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _


def check(case: Case) -> Finding | None:
    proxy, seen = case.question.proxy, case.measured("pod-proxy")
    if proxy is None or seen not in (Outcome.REFUSED, Outcome.APP_ERROR) or case.a is None:
        return None
    vm = case.world.instance_at(IPv4Address(proxy.ip), case.a)
    name = vm.name if vm is not None else proxy.ip
    onward = case.way(Source(vm=f"{vm.project}/{vm.name}"), case.question.target) if vm is not None else None
    broken = onward.breaks[0].sentence if onward is not None and onward.breaks else ""
    refused = seen is Outcome.REFUSED
    return Finding(
        status=Status.CONFIRMED if refused or broken else Status.LIKELY,
        blocks=False,
        sentence=_("Proxy {name} refuses connections to port {port}: nothing listens there.").format(
            name=name, port=proxy.port
        )
        if refused
        else _("Proxy {name} takes the connection and does not get an answer from the target.").format(name=name),
        evidence=some(
            _("pod-proxy {outcome}: the proxy's machine is reached and answers").format(outcome=seen.value),
            broken,
            probes_say(case),
        ),
        decides=_("a proxy that listens on port {port} and reaches {target} itself").format(
            port=proxy.port, target=case.dest
        ),
        next=Next(
            _("Ask the proxy's machine what listens, and whether it reaches the target."),
            f"gcloud compute ssh {name} --project {case.a.project} --command 'sudo ss -ltnp'",
        ),
        at=case.a,
        owner=case.a.project,
    )


CAUSE = Cause(
    "RC73",
    lambda: _("The proxy itself is at fault"),
    check,
    cells=cells("ok ok ok any refused|app-error"),
    prior=Prior(2, 2, 2, 2),
    rank=70,
)
