"""RC16: the agent's ConfigMap has no key `config`, so the agent finds no file and uses its defaults."""

from __future__ import annotations

from rules.case import Case
from rules.causes import intent
from rules.causes.cause import Cause, Finding, Prior
from rules.words import _


def check(case: Case) -> Finding | None:
    found, key = intent.mounted(case), intent.key(case)
    if found is None or key in found.data or not intent.applies(case) or not intent.in_vain(case):
        return None
    texts = [intent.read(case, found, name) for name in found.data]
    meant = next((text for text in texts if text.means(case)), None)
    if meant is None:
        return None
    keys = ", ".join(sorted(found.data))
    return Finding(
        status=intent.weight(case),
        blocks=intent.blocks(case),
        sentence=_(
            "ConfigMap {where} has no key {key}, only {keys}: the agent sees no file and uses its defaults."
        ).format(where=f"{found.namespace}/{found.name}", key=key, keys=keys),
        evidence=(
            _("the agent's volume takes key {key}; ConfigMap {where} has: {keys}").format(
                key=key, where=f"{found.namespace}/{found.name}", keys=keys
            ),
            _("the text under {name} would masquerade packets to {target}").format(name=meant.key, target=case.dest),
            *intent.facts(case),
        ),
        remedies=intent.REMEDIES,
        decides=_("a key {key} in that ConfigMap; or agent log lines that show the list in use").format(key=key),
        next=intent.agent_log(),
    )


CAUSE = Cause(
    "RC16",
    lambda: _("The ConfigMap's data key is not the one the agent reads"),
    check,
    rank=30,
    prior=Prior(4, 2, 2, 0),
    connectivity_tests=("DESTINATION_IP_IN_DEFAULT_NON_MASQUERADE_RANGE",),
)
