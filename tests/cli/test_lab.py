"""The whole command line against a running lab: diagnose, apply, rollback, and what can go wrong between them."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from probes import kube, kubeconfig
from rules import schemas
from tests.cli.world import config_map, objects, pods

pytestmark = pytest.mark.lab

Wayhome = Callable[..., Any]
QUESTION = ("my-pod", "http://10.2.0.10/health")
HEALTHY = ("healthy-routes-based", "healthy-vpc-native")
QUOTED = "it's a lab"


@pytest.fixture
def environment(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """As elsewhere, with a state folder whose name needs quoting."""
    return {**environment, "WAYHOME_STATE_DIR": str(tmp_path / QUOTED)}


def test_a_lab_is_started_shown_and_stopped(wayhome: Wayhome, environment: dict[str, str]) -> None:
    try:
        done = wayhome("lab", "start", "article", "--speed", "60")
        assert done.code == 0
        assert done.out.splitlines()[1:] == [
            '  eval "$(wayhome lab env)"',
            "  wayhome diagnose my-pod http://10.2.0.10/health",
        ]
        status = wayhome("lab", "status")
        assert status.code == 0
        assert "article" in status.out
        again = wayhome("lab", "start", "article")
        assert (again.code, again.out) == (2, "")
        assert "wayhome lab stop" in again.sentence
        lines = wayhome("lab", "env").out.splitlines()
        assert all(line.startswith("export ") for line in lines)
        for name in ("sh", "bash", "zsh"):
            shell = shutil.which(name)
            if shell:
                told = subprocess.run(
                    [shell, "-c", "\n".join([*lines, 'printf %s "$KUBECONFIG"'])],
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                assert QUOTED in told.stdout
                assert Path(told.stdout).is_file()
    finally:
        stopped = wayhome("lab", "stop")
    assert stopped.code == 0
    assert wayhome("lab", "status").code == 2


def test_a_port_in_use(wayhome: Wayhome) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = wayhome("lab", "start", "article", "--port", str(port))
    assert (done.code, done.out) == (2, "")
    assert str(port) in done.sentence


def test_the_incident_from_question_to_recording(
    started: Callable[[str], Wayhome], environment: dict[str, str], tmp_path: Path
) -> None:
    wayhome = started("article")
    case = tmp_path / "case.json"
    done = wayhome("diagnose", *QUESTION, "--json", "--save", str(case))
    assert done.code == 1, done.err
    assert "wayhome-probe-" in done.err
    judged = json.loads(done.out)
    jsonschema.validate(judged, json.loads(schemas.report()))
    assert judged["broken"]["direction"] == "return"
    assert judged["broken"]["at"] == {"project": "project-b", "network": "vpc-b"}
    assert judged["broken"]["owner"] == "project-b"
    assert {row["probe"]: row["observed"] for row in judged["matrix"] if row["observed"]} == {
        "pod-local": "ok",
        "node-local": "ok",
        "node-peer": "ok",
        "pod-peer": "timeout",
    }
    assert all(row["agrees"] is not False for row in judged["matrix"])
    assert judged["causes"][0]["id"] == "RC01"
    assert judged["causes"][0]["status"] == "confirmed"
    assert {one["id"] for one in judged["remedies"] if one["complete"]} >= {"masquerade-minimal", "exchange-routes"}
    assert not [name for name in pods(environment) if name.startswith("wayhome-probe-")]

    jsonschema.validate(json.loads(case.read_text("utf-8")), json.loads(schemas.snapshot()))
    text = wayhome("diagnose", *QUESTION)
    assert text.code == 1
    assert "project-b/vpc-b" in text.out

    assert wayhome("lab", "stop").code == 0
    gone = wayhome("diagnose", *QUESTION)
    assert (gone.code, gone.out) == (3, "")
    assert "wayhome lab start" in gone.sentence
    for name in [name for name in environment if name.startswith(("WAYHOME_C", "CLOUDSDK", "KUBECONFIG"))]:
        del environment[name]
    replayed = wayhome("diagnose", "--snapshot", str(case), "--json")
    assert (replayed.code, replayed.err) == (1, "")
    assert json.loads(replayed.out) == judged


def test_what_can_be_wrong_with_a_question(started: Callable[[str], Wayhome], environment: dict[str, str]) -> None:
    wayhome = started("article")
    nobody = wayhome("diagnose", "no-such-pod", "10.2.0.10")
    assert (nobody.code, nobody.out) == (2, "")
    assert "no-such-pod" in nobody.sentence
    own = wayhome("diagnose", "my-pod", "10.1.0.21")
    assert (own.code, own.out) == (2, "")
    assert "10.1.0.21" in own.sentence
    stale = Path(environment["HOME"]) / "stale"
    config = yaml.safe_load(Path(environment["KUBECONFIG"]).read_text("utf-8"))
    config["users"][0]["user"]["token"] = "expired"
    stale.write_text(json.dumps(config))
    expired = wayhome("diagnose", *QUESTION, "--kubeconfig", str(stale))
    assert (expired.code, expired.out) == (3, "")
    assert "expired" in expired.sentence


def test_read_only_creates_nothing(started: Callable[[str], Wayhome], environment: dict[str, str]) -> None:
    wayhome = started("article")
    before = pods(environment)
    for option in ("--read-only", "--no-node-probe"):
        done = wayhome("diagnose", *QUESTION, "--json", option)
        assert done.code == 1
        assert "Creating" not in done.err
        rows = {row["probe"]: row["observed"] for row in json.loads(done.out)["matrix"]}
        assert rows["pod-peer"] == "timeout"
        assert rows["node-peer"] in (None, "not-run")
    assert pods(environment) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"])
def test_who_is_stopped_takes_the_probe_pod_along(
    started: Callable[[str], Wayhome],
    environment: dict[str, str],
    undisturbed: Callable[[], None],
    number: int,
    code: int,
) -> None:
    started("article")
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "diagnose", *QUESTION],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=undisturbed,
    ) as running:
        assert running.stderr is not None
        assert "Creating the pod default/wayhome-probe-" in running.stderr.readline()
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert not [name for name in pods(environment) if name.startswith("wayhome-probe-")]


@pytest.mark.parametrize("scenario", HEALTHY)
def test_a_healthy_world_is_left_in_peace(started: Callable[[str], Wayhome], scenario: str) -> None:
    done = started(scenario)("diagnose", *QUESTION, "--json")
    assert done.code == 0, done.out
    judged = json.loads(done.out)
    assert judged["verdict"] == "reachable"
    assert not [one for one in judged["causes"] if one["blocks"]]
    assert judged["remedies"] == []


@pytest.mark.parametrize("remedy", ["masquerade-minimal", "masquerade-article", "exchange-routes"])
def test_a_remedy_is_applied_proven_and_taken_back(
    started: Callable[[str], Wayhome], environment: dict[str, str], remedy: str
) -> None:
    wayhome = started("article")
    before = objects(environment)
    shown = wayhome("apply", remedy, *QUESTION, "--dry-run")
    assert shown.code == 0
    refused = wayhome("apply", remedy, *QUESTION)
    assert refused.code == 2
    assert "--yes" in refused.sentence
    assert refused.out == shown.out
    assert objects(environment) == before

    applied = wayhome("apply", remedy, *QUESTION, "--yes")
    assert applied.code == 0, applied.err
    assert "proven" in applied.out
    assert objects(environment) != before
    assert wayhome("diagnose", *QUESTION).code == 0
    (listed,) = json.loads(wayhome("runs", "--json").out)
    assert (listed["remedy"], listed["state"], listed["half_done"]) == (remedy, "proven", False)

    back = wayhome("rollback", listed["id"], "--yes")
    assert back.code == 0, back.err
    assert objects(environment) == before
    assert wayhome("diagnose", *QUESTION).code == 1
    assert wayhome("rollback", listed["id"], "--yes").code == 2


def test_a_config_map_that_was_there_comes_back_to_the_byte(
    started: Callable[[str], Wayhome], environment: dict[str, str]
) -> None:
    wayhome = started("rc22-config-still-holds-target")
    before = objects(environment)
    assert before[0] is not None
    applied = wayhome("apply", "masquerade-minimal", *QUESTION, "--yes")
    assert applied.code == 0, applied.err
    assert objects(environment) != before
    assert wayhome("rollback", "--yes").code == 0
    assert objects(environment) == before


def test_consent_is_the_name_of_the_thing_changed(
    started: Callable[[str], Wayhome], environment: dict[str, str], at_a_terminal: Callable[..., tuple[int, str]]
) -> None:
    started("article")
    before = objects(environment)
    code, shown = at_a_terminal("apply", "masquerade-minimal", *QUESTION, answer="yes")
    assert code == 1
    assert "Nothing was changed" in shown
    assert objects(environment) == before
    code, shown = at_a_terminal("apply", "masquerade-minimal", *QUESTION, answer="ip-masq-agent")
    assert code == 0, shown
    assert config_map(environment) is not None


def test_killed_while_it_waits_and_taken_back(started: Callable[[str], Wayhome], environment: dict[str, str]) -> None:
    wayhome = started("article")
    before = objects(environment)
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "apply", "exchange-routes", *QUESTION, "--yes", "--no-node-probe"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("Changing peering b-to-a"):
                running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    (dead,) = json.loads(wayhome("runs", "--json").out)
    assert dead["half_done"]
    assert dead["id"] in wayhome("check", *QUESTION).out
    assert wayhome("rollback", "--yes").code == 0
    assert objects(environment) == before


def test_someone_else_was_faster(started: Callable[[str], Wayhome], environment: dict[str, str]) -> None:
    wayhome = started("article")
    assert wayhome("apply", "masquerade-minimal", *QUESTION, "--yes").code == 0
    client = kube.Kube(kubeconfig.find(environment["KUBECONFIG"], None))
    path = "/api/v1/namespaces/kube-system/configmaps/ip-masq-agent"
    theirs = {"data": {"config": "nonMasqueradeCIDRs: []\n"}}
    client.send("PATCH", path, None, theirs, content_type="application/merge-patch+json")
    client.close()
    done = wayhome("rollback", "--yes")
    assert done.code == 3
    assert "changed by someone else" in done.err
    assert "+  nonMasqueradeCIDRs: []" in done.err
    assert "-  - 10.0.0.0/15" in done.err
    assert config_map(environment)["data"] == theirs["data"]
