"""RC17: a ConfigMap meant for the agent has another name or stands in another namespace."""

from __future__ import annotations

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior
from rules.words import _


def check(case: Case) -> Finding | None:
    if not intent.applies(case) or intent.mounted(case) is not None or not intent.in_vain(case):
        return None
    name = case.world.agent.config_map or "ip-masq-agent"
    texts = [intent.read(case, each, key) for each in case.world.config_maps or () for key in each.data]
    meant = next((text for text in texts if text.means(case)), None)
    if meant is None:
        return None
    found = meant.config_map
    return Finding(
        status=intent.weight(case),
        blocks=intent.blocks(case),
        sentence=_(
            "The masquerade list is in ConfigMap {found}, but the agent mounts {wanted}: nobody reads it."
        ).format(found=f"{found.namespace}/{found.name}", wanted=f"{intent.NAMESPACE}/{name}"),
        evidence=(
            _("there is no ConfigMap {wanted}").format(wanted=f"{intent.NAMESPACE}/{name}"),
            _("ConfigMap {found}, key {key}, would masquerade packets to {target}").format(
                found=f"{found.namespace}/{found.name}", key=meant.key, target=case.dest
            ),
            *intent.facts(case),
        ),
        remedies=intent.REMEDIES,
        decides=_("a ConfigMap {wanted}, or an agent whose volume names the other one").format(
            wanted=f"{intent.NAMESPACE}/{name}"
        ),
        next=intent.agent_log(),
    )


CAUSE = Cause(
    "RC17",
    lambda: _("The ConfigMap has the wrong name or namespace"),
    check,
    rank=30,
    prior=Prior(4, 2, 2, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
