"""RC34: no rule of the peer's firewall admits anything from this VPC."""

from __future__ import annotations

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.doors import doors, evidence, local_admitted, other_nodes_admitted, other_protocol, rules_of, silent
from rules.report.model import Status
from rules.words import _
from rules.world import Action, FirewallRule


def check(case: Case) -> Finding | None:
    found = doors(case)
    if found is None or not found.nobody or not silent(case):
        return None
    rule = found.seen.rule
    if rule is None or rule.stage not in ("implied", "vpc"):
        return None
    if local_admitted(case) is not None or other_nodes_admitted(case) or other_protocol(case, found.worn):
        return None
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("The firewall of {b} admits neither the node's address nor the pod's at the target.").format(
            b=case.b
        ),
        evidence=evidence(case, found, *map(_in_vain, useless(case))),
        decides=_("a rule of {b} that admits {source} at the target").format(b=case.b, source=found.worn),
        next=rules_of(case.b, _("Let {owner} list the rules in force.").format(owner=case.b.project if case.b else "")),
        at=case.b,
        owner=case.b.project if case.b else "",
    )


def useless(case: Case) -> tuple[FirewallRule, ...]:
    """Rules that look as if they admitted A and cannot: they name sources that only B's own VMs can be."""
    rules = case.network_b.firewall if case.network_b is not None else None
    return tuple(
        rule
        for rule in rules or ()
        if rule.direction == "INGRESS"
        and rule.action is Action.ALLOW
        and (rule.source_tags or rule.source_accounts or "srcNetworkContext=INTRA_VPC" in rule.undecidable)
    )


def _in_vain(rule: FirewallRule) -> str:
    names = ", ".join(sorted(rule.source_tags | rule.source_accounts)) or "srcNetworkContext=INTRA_VPC"
    return _("rule {rule} admits {names}, which means VMs of the same VPC and never those of a peer").format(
        rule=rule.name, names=names
    )


CAUSE = Cause(
    "RC34",
    lambda: _("The peer's firewall admits nothing from here"),
    check,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(5, 5, 5, 5),
    rank=20,
    connectivity_tests=("FIREWALL_RULE",),
)
