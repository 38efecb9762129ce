"""What no API shows: what listens inside VMs and pods, and the nat tables that the nodes booted with."""

from __future__ import annotations

from typing import Any

from lab.nat import boot_rules
from lab.scenario.model import Scenario, Server
from lab.store import Store

KUBELET = {"protocol": "tcp", "port": 10250, "paths": None}


def populate(store: Store, scenario: Scenario) -> None:
    """Fill guest/PROJECT, guest/pods and node/nat.

    A guest is {"servers": [{"protocol", "port", "paths"}], "answersPing": bool}; `paths` maps an HTTP path to the whole
    body, which ends with a newline, so that a prompt stands on a line of its own.
    """
    for vm in scenario.vms:
        guest = {"servers": [_server(server) for server in vm.serves], "answersPing": vm.answers_ping}
        store.table(f"guest/{vm.project}").create(vm.name, guest)
    for node in scenario.nodes:
        guest = {"servers": [KUBELET], "answersPing": True}
        store.table(f"guest/{scenario.cluster.project}").create(node.name, guest)
        text = boot_rules() if scenario.cluster.default_snat else boot_rules(())
        store.table("node/nat").create(node.name, {"text": text})
    for pod in scenario.pods:
        store.table("guest/pods").create(str(pod.ref), {"servers": [_server(server) for server in pod.serves]})


def _server(server: Server) -> dict[str, Any]:
    return {
        "protocol": server.protocol,
        "port": server.port,
        "paths": None if server.paths is None else {path: f"{body}\n" for path, body in server.paths.items()},
    }
