"""RC45: a service mesh's proxy in the pod takes the connection and answers it itself."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.snapshot import Outcome
from rules.words import _

PROXIES = ("istio-proxy", "linkerd-proxy", "envoy", "envoy-sidecar", "consul-dataplane")
_ODD = (Outcome.APP_ERROR, Outcome.REFUSED, Outcome.UNREACHABLE)


def sidecar(case: Case) -> str:
    """The name of the mesh's container in the pod, '' where there is none."""
    names = case.pod.image_names if case.pod is not None else {}
    return next((name for name in names if name in PROXIES), "")


def check(case: Case) -> Finding | None:
    name, pod = sidecar(case), case.measured("pod-peer")
    if not name or pod not in _ODD or case.measured("node-peer") is not Outcome.OK or case.pod is None:
        return None
    ref = case.pod.ref
    words = ("kubectl", "logs", "--namespace", ref.namespace, ref.name, "--container", name, "--tail", "20")
    return Finding(
        status=Status.LIKELY,
        blocks=True,
        sentence=_("The proxy {name} in the pod answers instead of {target}, which the node reaches.").format(
            name=name, target=case.dest
        ),
        evidence=some(
            _("pod {pod} has the container {name}, which carries all of its traffic").format(pod=ref, name=name),
            _("pod-peer {outcome}, node-peer ok").format(outcome=pod.value if pod else ""),
            probes_say(case),
        ),
        decides=_("the same request from a pod without a proxy on this node"),
        next=Next(_("Read what the proxy says of the request."), shlex.join(words)),
        at=case.a,
        owner=case.a.project if case.a else "",
    )


CAUSE = Cause(
    "RC45",
    lambda: _("A mesh's proxy in the pod answers by itself"),
    check,
    cells=cells("any ok ok app-error|refused|unreachable any"),
    prior=Prior(2, 3, 2, 3),
    rank=15,
)
