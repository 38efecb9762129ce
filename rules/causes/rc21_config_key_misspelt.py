"""RC21: the list stands in the file under a key that the agent does not know, so it is ignored without a word."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from difflib import SequenceMatcher

from rules.agent_config import AgentConfig, agent_config
from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior
from rules.words import _
from rules.world import AgentState

_MEANT = "nonmasqueradecidrs"
_ALIKE = 0.75


def _mended(text: str, ignored: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each unknown key with the file as it was perhaps meant: that key renamed, or what is below it brought up."""
    for key in ignored:
        line = re.search(rf"^[\"']?{re.escape(key)}[\"']?\s*:.*$", text, re.MULTILINE)
        if line is None:
            continue
        if SequenceMatcher(None, key.lower(), _MEANT).ratio() >= _ALIKE:
            yield key, text[: line.start()] + line.group().replace(key, "nonMasqueradeCIDRs", 1) + text[line.end() :]
        if _MEANT in text[line.end() :].lower():
            yield key, textwrap.dedent(text[line.end() + 1 :])


def misread(case: Case, text: str) -> tuple[str, AgentConfig] | None:
    """The unknown key under which a list stands that would masquerade the target, and that list."""
    flags = case.world.agent.all_reserved
    config = agent_config(text, all_reserved=flags)
    if config.error or config.given:
        return None
    for key, mended in _mended(text, config.ignored):
        meant = agent_config(mended, all_reserved=flags)
        if not meant.error and meant.given and not any(case.dest in entry for entry in meant.ranges):
            return key, meant
    return None


def check(case: Case) -> Finding | None:
    found, key = intent.mounted(case), intent.key(case)
    if found is None or key not in found.data or not intent.applies(case) or not intent.in_vain(case):
        return None
    if case.world.agent.state is AgentState.ABSENT:
        return None
    meant = misread(case, found.data[key])
    if meant is None:
        return None
    where = f"{found.namespace}/{found.name}"
    return Finding(
        status=intent.weight(case),
        blocks=intent.blocks(case),
        sentence=_(
            "ConfigMap {where} gives its list under {wrong}, which the agent does not know: it ignores it and uses its "
            "defaults."
        ).format(where=where, wrong=meant[0]),
        evidence=(
            _("ConfigMap {where}, key {key}: unknown {wrong}, no nonMasqueradeCIDRs at the top").format(
                where=where, key=key, wrong=meant[0]
            ),
            _("read as nonMasqueradeCIDRs it would be [{list}], without {target}").format(
                list=", ".join(map(str, meant[1].ranges)), target=case.dest
            ),
            *intent.facts(case),
        ),
        remedies=("mend-config", *intent.REMEDIES),
        decides=_('an agent log whose "Using config" shows that list'),
        next=intent.agent_log(),
    )


CAUSE = Cause(
    "RC21",
    lambda: _("The agent's file has a misspelt or nested key"),
    check,
    rank=30,
    prior=Prior(4, 2, 2, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
