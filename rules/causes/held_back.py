"""Shared by the causes that a NetworkPolicy makes (RC42, RC43)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rules.build.read import objects, text
from rules.case import Case
from rules.causes.cause import probes_say, some
from rules.path import Hop, Verdict
from rules.report.model import Next
from rules.snapshot import Json
from rules.words import _


def kept(case: Case) -> Hop | None:
    """The hop at which NetworkPolicies of the pod keep the packet back, while it is kept back."""
    hop = case.hop(case.walk, "policy")
    if hop is None or hop.verdict is not Verdict.DROP or not case.blocked or case.told:
        return None
    return hop if case.pod is not None and hop.at == f"pod {case.pod.ref}" else None


def policies(case: Case, hop: Hop) -> Sequence[Json]:
    """The policies that the hop names."""
    names = hop.object.split(", ")
    return [
        item
        for item in case.world.network_policies or ()
        if f"{text(item, 'metadata', 'namespace') or 'default'}/{text(item, 'metadata', 'name')}" in names
    ]


def nothing_allowed(found: Sequence[Json]) -> bool:
    """Whether the policies together allow no egress at all: default deny."""
    return bool(found) and not any(True for item in found for _rule in objects(item, "spec", "egress"))


def evidence(case: Case, hop: Hop, *more: str) -> tuple[str, ...]:
    cluster = case.world.cluster
    enforced = cluster is not None and cluster.network_policy_enforced
    return some(
        hop.sentence,
        *more,
        _("the cluster enforces NetworkPolicies ({how})").format(
            how="datapathProvider = ADVANCED_DATAPATH"
            if cluster and cluster.dataplane_v2
            else "networkPolicy.enabled = true"
        )
        if enforced
        else "",
        probes_say(case),
    )


def look(hop: Hop) -> Next:
    """How the policy is read."""
    namespace, _slash, name = hop.object.split(", ")[0].partition("/")
    words = ("kubectl", "get", "networkpolicy", "--namespace", namespace, name, "--output", "yaml")
    return Next(_("Read the policy that holds the pod back."), shlex.join(words))
