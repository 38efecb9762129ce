"""mend-config: the ConfigMap that somebody made for the agent, put right so that the agent reads what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.case import Case
from rules.masquerade import agent_config
from rules.remedies import carve, commands, masquerading
from rules.remedies.corrections import Mended, mended
from rules.remedies.effect import Effect
from rules.remedies.masquerading import NAMESPACE, NewFile
from rules.remedies.remedy import Draft, Remedy
from rules.report.model import Change
from rules.words import _
from rules.world import AgentState


@dataclass(frozen=True)
class _Right:
    """The agent's ConfigMap as it should be: all of its data, and what was wrong."""

    data: Mapping[str, str]
    file: Mended


def draft(case: Case) -> Draft | None:
    world, agent = case.world, case.world.agent
    if case.pod is None or case.pod.host_network or case.a is None or world.config_maps is None:
        return None
    if masquerading.autopilot(case) or (case.masquerade is not None and case.masquerade.masqueraded is True):
        return None
    now = masquerading.config_map(case)
    before = dict(now.data) if now is not None else None
    right = _right(case, before)
    if right is None:
        return None
    name, ranges = agent.config_map or "ip-masq-agent", right.file.ranges
    new = NewFile(right.file.text, ranges)
    after = masquerading.replaced(world, name, right.data)
    sentence = _("The ConfigMap says what it was meant to say: {notes}.").format(notes="; ".join(right.file.notes))
    if any(case.dest in entry for entry in ranges):
        sentence += " " + _("It still lets pods keep their address towards {target}.").format(target=case.dest)
    if agent.state is AgentState.ABSENT:
        sentence = _("No ip-masq-agent runs in this cluster, so nobody reads it: deploy the agent first. ") + sentence
    changed = {key: right.data.get(key) for key in {**(before or {}), **right.data}}
    changed = {key: value for key, value in changed.items() if (before or {}).get(key) != value}
    flipped = carve.changed(masquerading.list_in_force(case), ranges)
    return Draft(
        sentence=sentence,
        owner=case.a.project,
        changes=(
            Change(
                system="kubernetes",
                kind="ConfigMap",
                key={"namespace": NAMESPACE, "name": name},
                owner=case.a.project,
                before=masquerading.written(name, before, now.resource_version if now else ""),
                after=masquerading.written(name, right.data, ""),
            ),
        ),
        change_sentences=(masquerading.said(name, agent.config_key or "config", now, ranges), *right.file.notes),
        after=after,
        preconditions=masquerading.needs(case, new, after),
        blast_radius=masquerading.reach(case, flipped),
        commands=commands.create_config_map(NAMESPACE, name, agent.config_key or "config", right.file.text)
        if before is None
        else (commands.patch_config_map(NAMESPACE, name, changed),),
        undo=(commands.delete_config_map(NAMESPACE, name),)
        if before is None
        else (commands.patch_config_map(NAMESPACE, name, {key: before.get(key) for key in changed}),),
        effect=Effect.AGENT,
        applicable=agent.state is not AgentState.ABSENT,
    )


def _right(case: Case, before: Mapping[str, str] | None) -> _Right | None:
    """A file put right where it is, a key renamed, or a ConfigMap made where the agent looks for it."""
    agent = case.world.agent
    key = agent.config_key or "config"
    if before is not None and key in before:
        found = mended(before[key], all_reserved=agent.all_reserved, ipv6=agent.ipv6)
        return None if found is None else _Right({**before, key: found.text}, found)
    if before is not None:
        for wrong, text in before.items():
            file = _meant(case, text)
            if file is not None:
                note = _("key {wrong} becomes {key}, the one that the agent mounts").format(wrong=wrong, key=key)
                data = {(key if name == wrong else name): held for name, held in before.items()}
                return _Right({**data, key: file.text}, Mended(file.text, file.ranges, (note, *file.notes)))
        return None
    for other in case.world.config_maps or ():
        for text in other.data.values():
            file = _meant(case, text)
            if file is not None:
                note = _("ConfigMap {wrong} is copied to where the agent looks").format(
                    wrong=f"{other.namespace}/{other.name}"
                )
                return _Right({key: file.text}, Mended(file.text, file.ranges, (note, *file.notes)))
    return None


def _meant(case: Case, text: str) -> Mended | None:
    """A text that reads as the agent's file with a list of its own, put right where needed."""
    agent = case.world.agent
    config = agent_config(text, all_reserved=agent.all_reserved, ipv6=agent.ipv6)
    if not config.error and config.given:
        return Mended(text, config.ranges, ())
    return mended(text, all_reserved=agent.all_reserved, ipv6=agent.ipv6)


REMEDY = Remedy("mend-config", lambda: _("Mend the agent's ConfigMap"), draft)
