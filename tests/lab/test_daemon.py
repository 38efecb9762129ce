"""The lab as a process: started, found, used by unchanged clients, stopped, killed, started twice."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from lab import apart, control, state
from lab.control import LabError, Running

pytestmark = pytest.mark.lab

SPEED = 200.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory of one's own; whatever runs in it afterwards is stopped."""
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path / "state"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "state"
    control.stop()


def gone(running: Running) -> bool:
    """Whether the process has ended and nothing listens any more."""
    ports = [int(url.rsplit(":", 1)[1]) for url in (running.kubernetes, running.compute, running.container)]
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return not state.alive(running)


def test_start_find_stop(home: Path) -> None:
    assert control.running() is None
    started = control.start("article", speed=SPEED)
    assert control.running() == started
    assert (started.scenario, started.fabric, started.speed) == ("article", "simulated", SPEED)
    assert requests.get(f"{started.compute}/compute/v1/projects/project-a/global/networks", timeout=10).ok
    clusters = "v1/projects/project-a/locations/-/clusters"
    assert requests.get(f"{started.container}/{clusters}", timeout=10).json()["clusters"][0]["name"] == "cluster-1"
    for name in ("kubeconfig", "lab.json", "lab.log"):
        assert stat.S_IMODE((home / "lab" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "lab").stat().st_mode) == 0o700
    control.stop()
    assert gone(started)
    assert control.running() is None
    assert sorted(path.name for path in (home / "lab").iterdir()) == ["lab.log", "lock"]
    assert "Traceback" not in (home / "lab" / "lab.log").read_text(encoding="utf-8")
    control.stop()


def test_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = control.start("article", speed=SPEED)
    found = control.environment(started)
    assert found["KUBECONFIG"] == str(home / "lab" / "kubeconfig")
    assert found["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"] == found["WAYHOME_COMPUTE_ENDPOINT"] + "/compute/v1/"
    assert found["CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER"] == found["WAYHOME_CONTAINER_ENDPOINT"] + "/"
    assert found["CLOUDSDK_AUTH_DISABLE_CREDENTIALS"] == "true"
    assert found["CLOUDSDK_CORE_PROJECT"] == "project-a"
    assert float(found["WAYHOME_RESYNC_PACE"]) == SPEED
    assert "no_proxy" not in found
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "corp")
    assert control.environment(started)["NO_PROXY"] == "corp,127.0.0.1"


def test_a_second_start_names_the_first(home: Path) -> None:
    started = control.start("article", speed=SPEED)
    with pytest.raises(LabError, match="running already, on scenario article; stop it first"):
        control.start("healthy-vpc-native")
    assert control.running() == started


def test_a_killed_lab_is_no_lab(home: Path) -> None:
    first = control.start("article", speed=SPEED)
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert (home / "lab" / "lab.json").exists()
    assert control.running() is None
    assert gone(first)
    second = control.start("rc02-peer-does-not-import", speed=SPEED)
    assert control.running() == second
    assert second.pid != first.pid


def test_another_process_with_the_same_id_is_no_lab(home: Path) -> None:
    started = control.start("article", speed=SPEED)
    control.stop()
    (home / "lab").mkdir(exist_ok=True)
    fake = {**vars(started), "pid": os.getpid()}
    (home / "lab" / "lab.json").write_text(json.dumps(fake), encoding="utf-8")
    assert control.running() is None
    control.stop()
    assert not (home / "lab" / "lab.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"pid": 1}',
        "null",
        '{"pid": "1", "born": "x"}',
        '{"pid": -1, "born": "x"}',
        '{"pid": 1, "born": 2}',
    ],
)
def test_a_damaged_state_file_is_no_lab(text: str, home: Path) -> None:
    (home / "lab").mkdir(parents=True)
    (home / "lab" / "lab.json").write_text(text, encoding="utf-8")
    assert control.running() is None


def test_a_lab_of_another_version_can_be_stopped(home: Path) -> None:
    """Its file may lack what this version writes, and hold what this version does not know."""
    started = control.start("article", speed=SPEED)
    path = home / "lab" / "lab.json"
    kept = {name: value for name, value in vars(started).items() if name not in ("desk", "title")}
    path.write_text(json.dumps({**kept, "colour": "red"}), encoding="utf-8")
    found = control.running()
    assert found is not None
    assert (found.pid, found.scenario, found.title) == (started.pid, "article", "")
    with pytest.raises(LabError, match="running already"):
        control.start("article")
    control.stop()
    assert gone(started)


def test_a_port_in_use(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"^Port {port} is in use"):
            control.start("article", port=port)
    assert control.running() is None
    assert control.start("article", port=port, speed=SPEED).kubernetes == f"https://127.0.0.1:{port}"


def test_a_broken_scenario_is_said_at_once(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: article\ncluster: {kind: odd}\n", encoding="utf-8")
    with pytest.raises(LabError, match="line 2, cluster > kind"):
        control.start(str(path))
    with pytest.raises(LabError, match="no scenario called nothing"):
        control.start("nothing")
    with pytest.raises(LabError, match="not a speed"):
        control.start("article", speed=0)


def test_ones_own_scenario(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: article\ntitle: My world\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    started = control.start("mine.yaml", speed=SPEED)
    assert (started.scenario, started.title) == (str(path), "My world")


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("WAYHOME_STATE_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(LabError, match="set WAYHOME_STATE_DIR"):
        control.start("article")


def test_two_starts_at_once(home: Path) -> None:
    code = "from lab import control; print(control.start('article', speed=200).pid)"
    root = Path(control.__file__).parent.parent
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    ends = [(process.communicate(timeout=60), process.returncode) for process in both]
    assert sorted(code for _, code in ends) == [0, 1]
    said = "".join(text for (_, text), code in ends if code)
    assert "LabError" in said
    started = control.running()
    assert started is not None
    assert str(started.pid) in "".join(text for (text, _), _ in ends)


def kubectl(running: Running, *argv: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The real kubectl on the lab."""
    try:
        return subprocess.run(
            ["kubectl", *argv],
            env={**os.environ, **control.environment(running), "HOME": str(Path(running.kubeconfig).parent)},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except FileNotFoundError:
        if os.environ.get("CI"):
            pytest.fail("kubectl is not on PATH, and in CI it has to be")
        pytest.skip("kubectl is not on PATH")


@pytest.fixture
def steadily() -> Callable[[Callable[[], bool]], bool]:
    """Ask again until it is true; a lab that never gets there fails the test after a hundred questions."""

    def ask(true: Callable[[], bool]) -> bool:
        return any(true() for _ in range(100))

    return ask


@pytest.mark.clients
def test_the_articles_commands(home: Path, tmp_path: Path, steadily: Callable[[Callable[[], bool]], bool]) -> None:
    started = control.start("article", speed=SPEED)
    nodes = kubectl(started, "get", "nodes,pods", "-A", "-o", "wide")
    assert nodes.returncode == 0
    assert "gke-node-02   Ready" in nodes.stdout
    assert "172.16.1.2" in nodes.stdout
    asked = ("exec", "my-pod", "--", "curl", "-sS", "-m", "1", "http://10.2.0.10/health")
    before = kubectl(started, *asked)
    assert (before.returncode, before.stdout) == (28, "")
    assert "curl: (28) Connection timed out" in before.stderr
    assert kubectl(started, "exec", "my-pod", "--", "ping", "-c1", "-W1", "10.1.0.21").returncode == 0
    config = tmp_path / "config"
    config.write_text(
        "nonMasqueradeCIDRs:\n  - 172.16.0.0/16\n  - 10.1.0.0/16\nresyncInterval: 60s\n", encoding="utf-8"
    )
    made = kubectl(started, "create", "configmap", "ip-masq-agent", "--from-file", str(config), "-n", "kube-system")
    assert made.stdout == "configmap/ip-masq-agent created\n"
    assert steadily(lambda: kubectl(started, *asked).stdout == "OK\n")
    logs = kubectl(started, "logs", "-n", "kube-system", "-l", "k8s-app=ip-masq-agent")
    assert 'Using config: {"nonMasqueradeCIDRs":["172.16.0.0/16","10.1.0.0/16"]' in logs.stdout


@pytest.mark.clients
def test_the_other_way_out(home: Path) -> None:
    started = control.start("article", speed=SPEED)
    asked = ("exec", "my-pod", "--", "curl", "-sS", "-m", "1", "http://10.2.0.10/health")
    for project, network, name, flag in (
        ("project-a", "vpc-a", "a-to-b", "exportCustomRoutes"),
        ("project-b", "vpc-b", "b-to-a", "importCustomRoutes"),
    ):
        assert kubectl(started, *asked).returncode == 28
        url = f"{started.compute}/compute/v1/projects/{project}/global/networks/{network}/updatePeering"
        body = {"networkPeering": {"name": name, flag: True}}
        operation = requests.patch(url, json=body, timeout=10).json()
        wait = f"{started.compute}/compute/v1/projects/{project}/global/operations/{operation['name']}/wait"
        assert requests.post(wait, timeout=60).json()["status"] == "DONE"
    assert kubectl(started, *asked).stdout == "OK\n"


def until(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_leashed_lab_ends_when_nobody_holds_the_leash(home: Path) -> None:
    reading, writing = os.pipe()
    started = control.start("article", speed=SPEED, leash=reading)
    os.close(reading)
    assert control.running() == started
    os.close(writing)
    until(lambda: gone(started))
    assert sorted(path.name for path in (home / "lab").iterdir()) == ["lab.log", "lock"]
    os.waitpid(started.pid, 0)


def test_a_sweep_clears_what_killed_apps_left_and_nothing_else(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYHOME_LAB", "")  # is put back afterwards
    apart.take()
    own = control.start("article", speed=SPEED)
    dead = home / "labs" / "1-of-another-boot"
    dead.mkdir()
    state.write(dead, own)
    (home / "labs" / "notes").mkdir()
    ended: list[Running] = []
    with monkeypatch.context() as patched:
        patched.setattr(control, "end", ended.append)
        apart.sweep()
    assert ended == [own]
    assert sorted(path.name for path in (home / "labs").iterdir()) == sorted([state.lab_dir().name, "notes"])
    assert control.running() == own
