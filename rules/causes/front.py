"""Shared by the causes of a forwarding rule that does not take the packet (RC64, RC65)."""

from __future__ import annotations

import shlex

from rules.case import Case
from rules.path import Hop, Verdict
from rules.report.model import Next
from rules.world import ForwardingRule


def refusing(case: Case, reason: str) -> tuple[Hop, ForwardingRule] | None:
    """The delivery that fails with `reason`, and the target's forwarding rule, while nobody gets through."""
    hop = case.hop(case.node_walk, "deliver")
    rule = next((each for each in case.world.forwarding_rules or () if each.address == case.dest), None)
    if rule is None or hop is None or hop.verdict is not Verdict.DROP or hop.reason != reason:
        return None
    return None if not case.blocked or case.told or case.contradicted("node-peer") else (hop, rule)


def read(rule: ForwardingRule, sentence: str) -> Next:
    """How to read the rule; `sentence` has a place for its {owner}."""
    words = ("gcloud", "compute", "forwarding-rules", "describe", rule.name, "--region", rule.region)
    return Next(sentence.format(owner=rule.project), shlex.join((*words, "--project", rule.project)))
