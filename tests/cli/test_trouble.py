"""What bars the way, met by the command line: one sentence, the command that mends it, exit code 3, nothing changed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Wayhome

pytestmark = pytest.mark.lab

QUESTION = ("diagnose", "my-pod", "http://10.2.0.10/health")
V1 = "client.authentication.k8s.io/v1"
ASKS = "import sys; sys.stderr.write('Password: '); sys.exit(not open('/dev/tty').readline())"


@pytest.fixture
def config(environment: dict[str, str], tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """The lab's kubeconfig with something changed in it, named by KUBECONFIG."""

    def change(how: Callable[[dict[str, Any]], object]) -> Path:
        data = json.loads(Path(environment["KUBECONFIG"]).read_text())
        how(data)
        path = tmp_path / "config"
        path.write_text(json.dumps(data))
        environment["KUBECONFIG"] = str(path)
        return path

    return change


def logs_in_by(command: str, *args: str) -> Callable[[dict[str, Any]], object]:
    def change(data: dict[str, Any]) -> None:
        data["users"][0]["user"] = {"exec": {"apiVersion": V1, "command": command, "args": list(args)}}

    return change


def test_logins_to_the_cluster(
    started: Callable[..., Wayhome], environment: dict[str, str], config: Any, tmp_path: Path
) -> None:
    wayhome = started("article")
    token = json.loads(Path(environment["KUBECONFIG"]).read_text())["users"][0]["user"]["token"]
    answer = json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": {"token": token}})
    rows: list[tuple[Callable[[dict[str, Any]], object], int, str]] = [
        (logs_in_by("gke-gcloud-auth-plugin"), 3, "gcloud components install gke-gcloud-auth-plugin"),
        (logs_in_by(sys.executable, "-c", ASKS), 3, "/dev/tty"),
        (logs_in_by("echo", "no credential"), 3, "did not print an ExecCredential"),
        (logs_in_by("echo", answer.replace("/v1", "/v1beta1")), 3, "is too old"),
        (logs_in_by("echo", answer.replace(token, "expired")), 3, "does not accept the login"),
        (lambda data: data.update({"current-context": "gone"}), 2, "has no context 'gone'"),
        (lambda data: data["clusters"][0]["cluster"].update({"server": "https://127.0.0.1:1"}), 3, "Nothing listens"),
        (lambda data: data["clusters"][0]["cluster"].pop("certificate-authority-data"), 3, "not known here"),
    ]
    whole = environment["KUBECONFIG"]
    programs = tmp_path / "bin"  # a machine that has no plugin of Google's
    programs.mkdir()
    (programs / "echo").symlink_to("/bin/echo")
    environment["PATH"] = str(programs)
    for change, code, words in rows:
        environment["KUBECONFIG"] = whole
        config(change)
        done = wayhome(*QUESTION)
        assert (done.code, done.out) == (code, ""), words
        assert words in done.sentence
    environment["KUBECONFIG"] = whole
    config(logs_in_by("echo", answer))
    assert wayhome(*QUESTION).code == 1  # a plugin that answers lets the question be asked


def test_logins_to_google(started: Callable[..., Wayhome], environment: dict[str, str]) -> None:
    wayhome = started("article")
    for fault, words in {
        "403-quota-project": "gcloud auth application-default set-quota-project",
        "403-user-project": "roles/serviceusage.serviceUsageConsumer",
        "403-api-disabled": "gcloud services enable compute.googleapis.com --project 123456789012",
        "403-scope": "gcloud auth application-default login",
    }.items():
        assert wayhome("lab", "fault", "clear").code == 0
        assert wayhome("lab", "fault", fault, "--on", "compute.*").code == 0
        done = wayhome(*QUESTION)
        assert (done.code, done.out) == (3, ""), fault
        assert words in done.sentence
        assert "Creating" not in done.err
    assert wayhome("lab", "fault", "clear").code == 0
    assert wayhome("lab", "fault", "403-api-disabled", "--on", "container.*").code == 0
    done = wayhome(*QUESTION, "--json")  # one API alone costs what it would have told, and no more
    assert done.code == 1
    (gap,) = json.loads(done.out)["unknowns"]
    assert gap["grant"] == "gcloud services enable container.googleapis.com --project 123456789012"
    assert wayhome("lab", "fault", "clear").code == 0
    environment.pop("WAYHOME_COMPUTE_ENDPOINT")
    environment["GOOGLE_APPLICATION_CREDENTIALS"] = "/gone.json"
    done = wayhome(*QUESTION)
    assert (done.code, done.out) == (3, "")
    assert "unset GOOGLE_APPLICATION_CREDENTIALS" in done.sentence


def test_a_plugin_cannot_take_the_terminal(
    started: Callable[..., Wayhome], environment: dict[str, str], config: Any, watch: Callable[..., bytes]
) -> None:
    """At a real terminal, which the plugin would write on and read from."""
    import pty

    started("article")
    config(logs_in_by(sys.executable, "-c", ASKS))
    pid, ours = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "tui", *QUESTION], environment)  # noqa: S606 - the test's child
    shown = watch(ours).decode()
    os.close(ours)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
    assert "/dev/tty" in shown
    assert "Password" not in shown
