"""Real processes that meet somebody else at work: another hand on the same object, another wayhome, a busy Google."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from probes import kube, kubeconfig
from tests.cli.world import config_map, flags, network, objects

pytestmark = pytest.mark.lab

Wayhome = Callable[..., Any]
Started = Callable[..., Wayhome]
QUESTION = ("my-pod", "http://10.2.0.10/health")
CONFIG = "/api/v1/namespaces/kube-system/configmaps/ip-masq-agent"
THEIRS = {"config": "nonMasqueradeCIDRs: []\n"}
CONSENSUS = """\
base: article
answer: [RC01]
title: Both have to sign
story: Neither side changes this peering alone.
projects:
  project-a:
    networks:
      vpc-a:
        peerings:
          a-to-b: {needs consensus: yes}
  project-b:
    networks:
      vpc-b:
        peerings:
          b-to-a: {needs consensus: yes}
"""


def put(environment: dict[str, str], method: str, body: dict[str, Any], by: str = "argocd-controller") -> None:
    """Write the masquerade agent's ConfigMap as `by` does."""
    client = kube.Kube(kubeconfig.find(environment["KUBECONFIG"], None))
    query = {"fieldManager": by}
    if method == "POST":
        client.send("POST", CONFIG.rpartition("/")[0], query, body)
    elif method == "PATCH":
        client.send("PATCH", CONFIG, query, body, content_type="application/merge-patch+json")
    else:
        whole = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ip-masq-agent"}, **body}
        client.send("PATCH", CONFIG, {**query, "force": "true"}, whole, content_type="application/apply-patch+yaml")
    client.close()


def google(environment: dict[str, str], project: str, net: str, call: str, body: dict[str, Any]) -> None:
    """Begin an operation on a network; it is not waited for."""
    url = f"{environment['WAYHOME_COMPUTE_ENDPOINT']}/compute/v1/projects/{project}/global/networks/{net}/{call}"
    method = "PATCH" if call == "updatePeering" else "POST"
    request = urllib.request.Request(url, json.dumps(body).encode(), method=method)  # noqa: S310 - the lab's own
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the lab's own endpoint
        assert json.load(answer)["status"] != "DONE"


@contextmanager
def at_work(
    environment: dict[str, str], undisturbed: Callable[[], None], until: str, *args: str
) -> Iterator[subprocess.Popen[str]]:
    """A wayhome in a process of its own that has said a line with `until` on stderr."""
    with subprocess.Popen(
        [sys.executable, "-m", "tui", *args],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=undisturbed,
    ) as running:
        assert running.stderr is not None
        said = []
        for line in running.stderr:
            said.append(line)
            if until in line:
                break
        else:
            pytest.fail("".join(said))
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()


def only_run(wayhome: Wayhome) -> Any:
    (run,) = json.loads(wayhome("runs", "--json").out)
    return run


def test_a_config_map_made_by_somebody_between_plan_and_call_is_left_alone(
    started: Started, environment: dict[str, str], at_a_terminal: Callable[..., tuple[int, str]]
) -> None:
    wayhome = started("article")
    named = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ip-masq-agent"}, "data": THEIRS}
    code, shown = at_a_terminal(
        "apply",
        "masquerade-minimal",
        *QUESTION,
        answer="ip-masq-agent",
        meanwhile=lambda: put(environment, "POST", named),
    )
    assert code == 3
    assert "is no longer the one that was shown" in shown
    assert "plan again" in shown
    assert "Traceback" not in shown
    assert config_map(environment)["data"] == THEIRS
    assert not only_run(wayhome)["half_done"]


def test_a_config_map_edited_by_somebody_between_plan_and_call_is_left_alone(
    started: Started, environment: dict[str, str], at_a_terminal: Callable[..., tuple[int, str]]
) -> None:
    wayhome = started("rc22-config-still-holds-target")
    code, shown = at_a_terminal(
        "apply",
        "masquerade-minimal",
        *QUESTION,
        answer="ip-masq-agent",
        meanwhile=lambda: put(environment, "PATCH", {"data": THEIRS}),
    )
    assert code == 3
    assert "is no longer the one that was shown" in shown
    assert config_map(environment)["data"]["config"] == THEIRS["config"]
    assert not only_run(wayhome)["half_done"]
    assert wayhome("rollback", "--yes").code == 2
    assert config_map(environment)["data"]["config"] == THEIRS["config"]


def test_a_peering_edited_by_somebody_between_apply_and_rollback(started: Started, environment: dict[str, str]) -> None:
    wayhome = started("article", "--speed", "600")
    applied = wayhome("apply", "exchange-routes", *QUESTION, "--yes", "--no-node-probe")
    assert applied.code == 0, applied.err
    google(environment, "project-b", "vpc-b", "removePeering", {"name": "b-to-a"})
    while_gone = wayhome("rollback", "--yes", "--no-node-probe")
    assert while_gone.code == 3
    assert "peering b-to-a of project-b/vpc-b" in while_gone.err
    assert "changed by someone else" in while_gone.err
    assert "removePeering" in while_gone.err, "who it was, as far as Google tells"
    run = only_run(wayhome)
    assert f"wayhome rollback {run['id']} --leave" in while_gone.err
    assert network(environment, "project-b", "vpc-b").get("peerings", []) == []
    assert run["half_done"]
    assert flags_of(environment, "project-a", "vpc-a")[0][1], "the first half stays until people have agreed"
    left = wayhome("rollback", "--leave")
    assert (left.code, "left" in left.out) == (0, True)
    assert wayhome("rollback", "--yes").code == 2
    assert flags_of(environment, "project-a", "vpc-a") == [("a-to-b", True, False)]


def flags_of(environment: dict[str, str], project: str, name: str) -> list[tuple[Any, ...]]:
    found = network(environment, project, name).get("peerings", [])
    return [(one["name"], one["exportCustomRoutes"], one["importCustomRoutes"]) for one in found]


def test_what_somebody_else_switched_on_the_same_peering_stays(started: Started, environment: dict[str, str]) -> None:
    wayhome = started("article", "--speed", "600")
    assert wayhome("apply", "exchange-routes", *QUESTION, "--yes", "--no-node-probe").code == 0
    google(
        environment,
        "project-b",
        "vpc-b",
        "updatePeering",
        {"networkPeering": {"name": "b-to-a", "exportCustomRoutes": True}},
    )
    back = wayhome("rollback", "--yes", "--no-node-probe")
    assert back.code == 0, back.err
    assert flags(environment) == [[("a-to-b", False, False)], [("b-to-a", True, False)]]


def test_an_automatism_that_puts_the_old_config_map_back_is_named_while_watching(
    started: Started, environment: dict[str, str], undisturbed: Callable[[], None]
) -> None:
    wayhome = started("rc22-config-still-holds-target")
    old = config_map(environment)["data"]
    command = ("apply", "masquerade-minimal", *QUESTION, "--yes", "--no-node-probe", "--watch", "600")
    with at_work(environment, undisturbed, "Watching for 600 s", *command) as running:
        put(environment, "APPLY", {"data": old})
        out, err = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "ConfigMap kube-system/ip-masq-agent was put back to what it was before" in err
    assert "by argocd-controller (Apply) at " in err
    assert "reverted" in out
    assert only_run(wayhome)["state"] == "reverted"
    assert config_map(environment)["data"] == old


def test_another_wayhome_is_named_and_ctrl_c_during_the_wait_says_how_to_go_on(
    started: Started, environment: dict[str, str], undisturbed: Callable[[], None]
) -> None:
    wayhome = started("article")
    before = objects(environment)
    command = ("apply", "masquerade-minimal", *QUESTION, "--no-node-probe")
    with at_work(environment, undisturbed, "Waiting for the agents of", *command, "--yes") as running:
        running.send_signal(signal.SIGSTOP)
        run = only_run(wayhome)
        second = wayhome("apply", "--resume", run["id"], "--yes")
        assert second.code == 2
        assert f"Another wayhome is changing something: process {running.pid} on " in second.sentence
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGCONT)
        out, err = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Traceback" not in err
    assert f"Run {run['id']}: applied" in out
    assert f"To go on: wayhome apply --resume {run['id']}" in out
    assert f"To take it back: wayhome rollback {run['id']}" in out
    dead = only_run(wayhome)
    assert (dead["state"], dead["half_done"]) == ("applied", True)
    made = config_map(environment)
    resumed = wayhome("apply", "--resume", run["id"], "--yes", seconds=240)
    assert resumed.code == 0, resumed.err
    assert config_map(environment) == made, "nothing is written twice"
    assert wayhome("rollback", "--yes", seconds=240).code == 0
    assert objects(environment) == before


@pytest.mark.clients
def test_a_consensus_ends_with_the_message_and_is_proven_when_the_peer_has_acted(
    started: Started, environment: dict[str, str], tmp_path: Path
) -> None:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        if os.environ.get("CI"):
            pytest.fail("gcloud is missing; CI installs it")
        pytest.skip("no gcloud here to act as the peer's admin")
    scenario = tmp_path / "consensus.yaml"
    scenario.write_text(CONSENSUS, "utf-8")
    wayhome = started(str(scenario))
    assert wayhome("lab", "rights", "own-project").code == 0
    applied = wayhome("apply", "exchange-routes", *QUESTION, "--yes", "--no-node-probe")
    assert applied.code == 5, applied.err
    assert "Waiting for the peer" in applied.err
    run = only_run(wayhome)
    assert run["state"] == "waiting-for-peer"
    assert not run["half_done"]
    assert "wayhome handoff exchange-routes default/my-pod http://10.2.0.10/health" in applied.out
    assert wayhome("lab", "rights", "everything").code == 0
    message = wayhome("handoff", "exchange-routes", *QUESTION, "--no-node-probe", "--text")
    assert message.code == 0, message.err
    assert "CONSENSUS" in message.out
    (theirs,) = (
        line.strip()
        for line in message.out.split("How to take it back")[0].splitlines()
        if "peerings update" in line and "--project project-b" in line
    )
    words = shlex.split(theirs)
    assert words[0] == "gcloud"
    done = subprocess.run(
        [gcloud, *words[1:], "--quiet"], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    resumed = wayhome("apply", "--resume", run["id"], "--no-node-probe")
    assert resumed.code == 0, resumed.err
    assert only_run(wayhome)["state"] == "proven"


@contextmanager
def kept_busy(environment: dict[str, str]) -> Iterator[threading.Event]:
    """One operation after another on the peer's side, each of which changes nothing, until the event is set."""
    enough = threading.Event()
    same = {"networkPeering": {"name": "b-to-a", "importSubnetRoutesWithPublicIp": False}}

    def work() -> None:
        while not enough.wait(0.01):
            with suppress(urllib.error.HTTPError):
                google(environment, "project-b", "vpc-b", "updatePeering", same)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield enough
    finally:
        enough.set()
        worker.join()


def test_google_busy_with_another_peering_operation_is_said_and_waited_for(
    started: Started, environment: dict[str, str], undisturbed: Callable[[], None]
) -> None:
    started("article", "--speed", "1")
    command = ("apply", "exchange-routes", *QUESTION, "--yes", "--no-node-probe")
    said = "Google is busy with another operation on peering "
    with kept_busy(environment) as enough, at_work(environment, undisturbed, said, *command) as running:
        enough.set()
        _out, err = running.communicate(timeout=240)
    assert running.returncode == 0, err
    assert flags(environment) == [[("a-to-b", True, False)], [("b-to-a", False, True)]]


def test_a_home_that_cannot_be_written_to_stops_before_the_first_call(
    started: Started, environment: dict[str, str], tmp_path: Path
) -> None:
    started("article")
    before = objects(environment)
    home = tmp_path / "sealed"
    home.mkdir()
    home.chmod(0o500)
    sealed = {name: value for name, value in environment.items() if name != "WAYHOME_STATE_DIR"}
    # Root may write everywhere, unless that capability is taken away.
    ahead = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"] if os.geteuid() == 0 else []
    if ahead and shutil.which("setpriv") is None:
        pytest.skip("root, and no setpriv to give up a right with")
    done = subprocess.run(
        [*ahead, sys.executable, "-m", "tui", "apply", "masquerade-minimal", *QUESTION, "--yes", "--no-node-probe"],
        env={**sealed, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "No lock can be kept at " in done.stderr
    assert "WAYHOME_STATE_DIR" in done.stderr
    assert "Traceback" not in done.stderr
    assert objects(environment) == before
