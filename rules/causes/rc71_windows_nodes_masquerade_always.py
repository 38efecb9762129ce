"""RC71: Windows nodes masquerade always, so pods there fare differently from pods on Linux nodes."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells, probes_say, some
from rules.report.model import Next, Status
from rules.words import _


def check(case: Case) -> Finding | None:
    here = case.node
    others = sorted(node.name for node in case.world.nodes.values() if here and node.os != here.os)
    if here is None or here.os != "linux" or not others or not case.wears_pod_address or not case.blocked:
        return None
    return Finding(
        status=Status.LATENT,
        blocks=False,
        sentence=_(
            "Pods on Windows nodes ({nodes}) always wear their node's address: that they get through says nothing of "
            "pods on Linux."
        ).format(nodes=", ".join(others[:3])),
        evidence=some(
            _("node {node}: kubernetes.io/os = linux, and the pod keeps its own address").format(node=here.name),
            _("node {node}: kubernetes.io/os = windows").format(node=others[0]),
            probes_say(case),
        ),
        decides=_("the same request from pods on both kinds of node"),
        next=Next(_("See which nodes run which system."), "kubectl get nodes --label-columns kubernetes.io/os"),
    )


CAUSE = Cause(
    "RC71",
    lambda: _("Windows nodes masquerade always"),
    check,
    cells=cells("ok ok ok ok|timeout ok", node="ok|timeout"),
    prior=Prior(1, 1, 1, 1),
    rank=70,
)
