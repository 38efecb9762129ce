"""Events: what the controllers and the kubelets say about objects."""

from __future__ import annotations

import secrets
from typing import Any

from lab.kube import kinds
from lab.kube.cache import Cache
from lab.kube.times import now
from lab.store import Store

Object = dict[str, Any]

NORMAL, WARNING = "Normal", "Warning"
_REMEMBERED = 4096


class Recorder:
    """Writes Events; the same words about the same object are counted in one."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._store = store
        self._cache = cache
        self._said: dict[tuple[str, str, str], str] = {}
        self.quiet = False

    def say(
        self,
        about: Object,
        reason: str,
        message: str,
        component: str,
        *,
        type: str = NORMAL,
        host: str = "",
        field: str = "",
    ) -> None:
        """Record that `reason` happened to `about`, a whole object as clients see it."""
        if self.quiet:
            return
        meta = about["metadata"]
        table = self._store.table(kinds.EVENTS.table)
        mark = (meta["uid"], reason, message)
        time = now()
        if (key := self._said.get(mark)) and (held := table.find(key)):
            held["count"] = held.get("count", 1) + 1
            held["lastTimestamp"] = time
            table.replace(key, held)
            return
        namespace = meta.get("namespace", "default")
        name = f"{meta['name']}.{secrets.token_hex(8)}"
        reference = {
            "kind": about["kind"],
            "apiVersion": about["apiVersion"],
            "name": meta["name"],
            "uid": meta["uid"],
            **({"namespace": meta["namespace"]} if "namespace" in meta else {}),
            **({"resourceVersion": meta["resourceVersion"]} if "resourceVersion" in meta else {}),
            **({"fieldPath": field} if field else {}),
        }
        event = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-4{secrets.token_hex(2)[1:]}"
                f"-a{secrets.token_hex(2)[1:]}-{secrets.token_hex(6)}",
                "creationTimestamp": time,
            },
            "involvedObject": reference,
            "reason": reason,
            "message": message,
            "source": {"component": component, **({"host": host} if host else {})},
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
            "type": type,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        key = f"{namespace}/{name}"
        table.create(key, event)
        if len(self._said) >= _REMEMBERED:
            self._said.clear()
        self._said[mark] = key
