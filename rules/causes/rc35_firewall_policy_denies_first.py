"""RC35: a firewall policy above the VPC's own rules denies the packet first."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.causes.cause import Cause, Finding, Prior, cells
from rules.causes.doors import doors, evidence, silent
from rules.report.model import Next, Status
from rules.words import _
from rules.world import Action, FirewallRule


def check(case: Case) -> Finding | None:
    found = doors(case)
    if found is None or not found.nobody or not silent(case):
        return None
    rule = found.seen.rule
    if rule is None or rule.stage in ("implied", "vpc") or rule.action is not Action.DENY:
        return None
    owner = "organization" if rule.stage == "hierarchical" else (case.b.project if case.b else "")
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_("Firewall policy {policy} denies the packet at the target before any rule of {b} is asked.").format(
            policy=rule.policy, b=case.b
        ),
        evidence=evidence(case, found, _order(rule)),
        decides=_("a rule of {policy} with a lower priority number that admits {source} or says goto_next").format(
            policy=rule.policy, source=found.worn
        ),
        next=_look(case, rule),
        at=case.b,
        owner=owner,
    )


def _order(rule: FirewallRule) -> str:
    if rule.stage == "hierarchical":
        return _("hierarchical policies come first; the VPC's own rules are asked only where they say goto_next")
    return _("the network evaluates policy {policy} before this packet comes to a rule that admits it").format(
        policy=rule.policy
    )


def _look(case: Case, rule: FirewallRule) -> Next | None:
    if case.b is None:
        return None
    words = ("gcloud", "compute", "networks", "get-effective-firewalls", case.b.name, "--project", case.b.project)
    return Next(
        _("Show rule {rule} in its place among the rules in force.").format(rule=rule.object or rule.name),
        shlex.join(words),
    )


CAUSE = Cause(
    "RC35",
    lambda: _("A firewall policy denies before the VPC's own rules"),
    check,
    cells=cells("ok ok timeout timeout timeout"),
    prior=Prior(3, 3, 3, 3),
    rank=18,
    connectivity_tests=("FIREWALL_RULE",),
)
