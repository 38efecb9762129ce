"""Autopilot's masquerading: EgressNATPolicy objects become the rules of every node.

What the nodes keep besides (pod, Service and node ranges) is what their first rules hold and no policy names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.nat import boot_rules
from lab.store import Event, Store

POLICIES = "kube/egressnatpolicies"
_KEPT = re.compile(r"^-A IP-MASQ -d (\S+) .*-j RETURN$", re.MULTILINE)


class Policies:
    """Keeps the nodes' rules as the policies say, in a cluster that has any. Listens until `stop`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        listed = set(self._listed())
        self._own: dict[str, list[str]] = {}
        if listed:
            for node, found in store.table("node/nat").items():
                self._own[node] = [each for each in _KEPT.findall(found["text"]) if each not in listed]
        self._unlisten = store.listen(self._changed) if self._own else None

    def stop(self) -> None:
        """Leave the rules as they are."""
        if self._unlisten is not None:
            self._unlisten()

    def _changed(self, event: Event) -> None:
        if event.table != POLICIES:
            return
        listed = list(self._listed())
        for node, own in self._own.items():
            text = boot_rules(tuple(dict.fromkeys((*own, *listed))))
            if (self._store.table("node/nat").find(node) or {}).get("text") != text:
                self._store.table("node/nat").put(node, {"text": text})

    def _listed(self) -> Iterator[str]:
        for policy in self._store.table(POLICIES).shared():
            for entry in policy.get("spec", {}).get("destinations") or ():
                yield str(entry.get("cidr", ""))
