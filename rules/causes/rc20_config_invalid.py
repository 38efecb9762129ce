"""RC20: the agent refuses its file, so the last good list, or the node's list from boot, stays in force."""

from __future__ import annotations

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior
from rules.report.model import Status
from rules.words import _
from rules.world import AgentState


def check(case: Case) -> Finding | None:
    found, key = intent.mounted(case), intent.key(case)
    if found is None or key not in found.data or not intent.applies(case):
        return None
    if case.world.agent.state is AgentState.ABSENT:
        return None
    error = intent.read(case, found, key).config.error
    if not error:
        return None
    where = f"{found.namespace}/{found.name}"
    status, blocks = intent.weight(case), intent.blocks(case)
    if case.masquerade is not None and case.masquerade.masqueraded is None and case.blocked and case.node_gets_through:
        status, blocks = Status.LIKELY, True
    return Finding(
        status=status,
        blocks=blocks,
        sentence=_("The agent refuses ConfigMap {where} ({error}) and keeps the list it had before.").format(
            where=where, error=error
        ),
        evidence=(
            _("ConfigMap {where}, key {key}: {error}").format(where=where, key=key, error=error),
            *intent.facts(case),
        ),
        remedies=intent.REMEDIES,
        decides=_('an agent log without "Error syncing configuration" since the ConfigMap was changed'),
        next=intent.agent_log(),
    )


CAUSE = Cause(
    "RC20",
    lambda: _("The agent refuses its configuration"),
    check,
    rank=30,
    prior=Prior(4, 2, 2, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
