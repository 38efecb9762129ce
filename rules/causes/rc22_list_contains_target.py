"""RC22: the configured list still holds the target, so packets to it keep the pod's address."""

from __future__ import annotations

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior
from rules.report.model import Status
from rules.words import _
from rules.world import AgentState


def check(case: Case) -> Finding | None:
    found, key = intent.mounted(case), intent.key(case)
    if found is None or key not in found.data or not intent.applies(case) or not intent.blocks(case):
        return None
    if case.world.agent.state is AgentState.ABSENT:
        return None
    config = intent.read(case, found, key).config
    holding = [entry for entry in config.ranges if case.dest in entry]
    if config.error or not config.given or not holding:
        return None
    where = f"{found.namespace}/{found.name}"
    entries = ", ".join(str(entry) for entry in holding)
    return Finding(
        status=Status.CONFIRMED,
        blocks=True,
        sentence=_(
            "ConfigMap {where} lists {entries}, which holds {target}: packets to it are not masqueraded."
        ).format(where=where, entries=entries, target=case.dest),
        evidence=(
            _("ConfigMap {where}, key {key}: nonMasqueradeCIDRs has {entries}").format(
                where=where, key=key, entries=entries
            ),
            *intent.facts(case),
        ),
        remedies=intent.REMEDIES,
        decides=_("a list without {target}").format(target=case.dest),
        next=intent.agent_log(),
    )


CAUSE = Cause(
    "RC22",
    lambda: _("The list of unmasqueraded ranges still holds the target"),
    check,
    rank=30,
    prior=Prior(4, 2, 2, 0),
    connectivity_tests=("DESTINATION_IP_IN_CONFIGURED_NON_MASQUERADE_RANGE",),
)
