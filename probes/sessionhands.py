"""The hands of apply and rollback on a Session: reads by its clients, writes by probes.write and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from probes import blame, kube, write
from probes.errors import CallError
from probes.hands import Say, silent
from probes.refusal import refusal
from rules.report.model import Change
from rules.snapshot import Json, Probe
from rules.words import _

if TYPE_CHECKING:
    from probes.session import Session


class SessionHands:
    """Does what `probes.hands.Hands` promises, on what `session` is connected to."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def where(self) -> Mapping[str, str]:
        ask, access = self._session.ask, self._session.access
        return {
            "server": access.server,
            "context": access.context,
            "kubeconfig": ask.kubeconfig or "",
            "pod": str(ask.pod),
            "target": str(ask.target),
            **({"local": str(ask.local)} if ask.local else {}),
            **({"host": ask.host} if ask.host else {}),
        }

    def read(self, change: Change) -> Json | None:
        key = change.key
        if change.kind == "peering":
            return self._peering(change)
        resource, namespace = write.RESOURCES[change.kind], str(key.get("namespace", ""))
        try:
            return self._session.kube.get(kube.path(resource.api, resource.plural, namespace, key["name"]))
        except CallError as error:
            if error.why == "not-found":
                return None
            where = "/".join(part for part in (namespace, str(key["name"])) if part)
            doing = _("read the {kind} {where}").format(kind=change.kind, where=where)
            raise refusal(error, self._session.access, doing, f"get {resource.plural}") from error

    def write(
        self,
        change: Change,
        live: Json | None,
        wanted: Json | None,
        *,
        dry_run: bool = False,
        request: str = "",
        say: Say = silent,
    ) -> Json | None:
        key = change.key
        if change.kind == "ConfigMap":
            return write.write_config_map(
                self._session.kube, key["namespace"], key["name"], live, wanted, dry_run=dry_run
            )
        if change.kind != "peering":
            namespace = str(key.get("namespace", ""))
            return write.write_object(
                self._session.kube, change.kind, namespace, key["name"], live, wanted, dry_run=dry_run
            )
        if dry_run:
            return None
        left = write.update_peering(
            self._session.compute,
            key["project"],
            key["network"],
            key["peering"],
            live or {},
            wanted or {},
            request_id=request,
            pause=self._session.pause,
            say=say,
        )
        return _fields(change, left)

    def pending(self, change: Change) -> bool:
        if change.kind != "peering":
            return False
        key = change.key
        try:
            found = write.read_peering(self._session.compute, key["project"], key["network"], key["peering"])
        except CallError:
            return False
        state = (found.get("connectionStatus") or {}).get("consensusState") or {}
        return state.get("updateStatus") == "PENDING_PEER_ACKNOWLEDGEMENT"

    def last_writer(self, change: Change, live: Json | None) -> str:
        if change.kind != "peering":
            return blame.by_managed_fields(live)
        key = change.key
        try:
            found = self._session.compute.items("operations", {"project": key["project"]})
        except CallError:
            return ""
        return blame.by_operations(found, f"/projects/{key['project']}/global/networks/{key['network']}")

    def agents(self) -> tuple[str, ...]:
        try:
            return self._session.agents()
        except CallError:
            return ()  # nobody may list them: the pod's own probe has to do

    def nat(self, node: str) -> str | None:
        return self._session.nat(node)

    def probes(self) -> tuple[str, ...]:
        return self._session.ids()

    def measure(self, id: str) -> Probe:
        return self._session.probe(id)

    def pause(self, seconds: float) -> None:
        self._session.pause(seconds)

    def _peering(self, change: Change) -> Json | None:
        key = change.key
        try:
            found = write.read_peering(self._session.compute, key["project"], key["network"], key["peering"])
        except CallError as error:
            if error.why == "not-found":
                return None
            where = _("peering {name} of {project}/{network}").format(
                name=key["peering"], project=key["project"], network=key["network"]
            )
            raise write.refused(error, where, "compute.networks.get") from error
        return _fields(change, found)


def _fields(change: Change, peering: Json) -> Json:
    """The peering's fields that the change is about; a field that the API leaves out is false."""
    return {name: peering.get(name, False) for name in change.before or change.after or {}}
