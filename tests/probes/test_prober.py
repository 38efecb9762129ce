"""Measuring from a pod: whichever tool it has, whichever container runs, whatever comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from probes import matrix, prober, tools
from probes.events import Probing
from probes.kube import Kube
from probes.kubeconfig import find
from probes.place import Place, place
from probes.prober import Prober
from probes.tasks import Tasks
from rules.snapshot import Outcome, PodRef, Target

HTTP = Target("10.2.0.10", 80, "tcp", "/health")
OCI = "OCI runtime exec failed: exec failed: executable file not found in $PATH: unknown"


@pytest.fixture
def events() -> list[Any]:
    return []


@pytest.fixture
def make(cluster, events: list[Any]) -> Iterator[Callable[..., Prober]]:
    client = Kube(find(None, None))
    yield lambda *options: Prober(client, Tasks(4), events.append, options)
    client.close()


def here(*names: str) -> Place:
    return Place(PodRef("default", "my-pod"), tuple({"name": name} for name in names), single=len(names) == 1)


def having(*tools_here: str, code: int = 0, out: str = "OK") -> Callable[[str, str, list[str]], Any]:
    def execute(_pod: str, _container: str, argv: list[str]) -> Any:
        return (code, out, "") if argv[0] in tools_here else OCI

    return execute


@pytest.mark.parametrize("tool", ["curl", "wget", "nc", "bash", "python3", "python", "perl"])
def test_the_first_tool_that_is_there_is_used_and_remembered(tool: str, cluster, make) -> None:
    cluster.execute = having(tool)
    where, measuring = here("c"), make()
    probe = measuring.run("pod-peer", where, HTTP)
    assert (probe.outcome, probe.command[0], probe.exit_code) == (Outcome.OK, tool, 0)
    tried = len(cluster.commands)
    measuring.run("pod-peer", where, HTTP)
    assert len(cluster.commands) == tried + 1
    assert measuring.first(where, HTTP)[0][0] == tool


BUSYBOX_NC = (
    "nc: invalid option -- 'v'\nBusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n\n"
    "Usage: nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]\n\n\t-w SEC\tConnect timeout\n"
)


def test_a_small_busybox_nc_is_asked_without_the_options_that_it_lacks(cluster, make) -> None:
    def execute(_pod: str, _container: str, argv: list[str]) -> Any:
        if argv[0] != "nc":
            return OCI
        return (1, "", BUSYBOX_NC) if "-v" in argv else (0, "", "")

    cluster.execute = execute
    probe = make().run("pod-peer", here("c"), HTTP)
    assert (probe.outcome, probe.command) == (Outcome.OK, ("nc", "-w", "3", "10.2.0.10", "80"))


@pytest.mark.parametrize("tool", ["curl", "wget", "nc", "bash", "python3", "python", "perl", "ping"])
def test_a_program_that_only_says_how_it_is_used_has_measured_nothing(tool: str, cluster, make) -> None:
    usage = f"{tool}: unrecognized option: T\nUsage: {tool} [-T SEC]\n\t-T SEC\tNetwork read timeout is SEC seconds\n"
    cluster.execute = lambda _pod, _container, argv: (1, "", usage) if argv[0] == tool else OCI
    target = Target("10.2.0.10", None, "icmp", None) if tool == "ping" else HTTP
    assert make().run("pod-peer", here("c"), target).outcome is Outcome.NOT_RUN


def test_a_pod_without_any_tool(cluster, make) -> None:
    cluster.execute = having()
    probe = make().run("pod-peer", here("c"), HTTP)
    assert probe.outcome is Outcome.NOT_RUN
    assert "curl, wget, nc, bash, python3, python, perl" in probe.why


def test_any_container_of_the_pod_will_do(cluster, make, events: list[Any]) -> None:
    cluster.execute = lambda _pod, container, _argv: (0, "OK", "") if container == "b" else OCI
    probe = make("--context", "x").run("pod-peer", here("a", "b"), HTTP)
    assert probe.outcome is Outcome.OK
    assert probe.via == "kubectl --context x exec -n default my-pod -c b -- curl -sSf -m 3 http://10.2.0.10/health"
    assert events[-1] == Probing("pod-peer", probe.via)


def test_a_run_that_decides_nothing_is_explained_by_another(cluster, make) -> None:
    def execute(_pod: str, _container: str, argv: list[str]) -> tuple[int, str, str]:
        if "-v" in argv:
            return (
                7,
                "",
                "* connect to 10.2.0.10 port 80 failed: Connection refused\ncurl: (7) Couldn't connect to server",
            )
        return 7, "", "curl: (7) Couldn't connect to server"

    cluster.execute = execute
    probe = make().run("pod-peer", here("c"), HTTP)
    assert (probe.outcome, probe.command[1]) == (Outcome.REFUSED, "-v")


def test_a_tool_that_does_not_understand_is_passed_by(cluster, make) -> None:
    def execute(_pod: str, _container: str, argv: list[str]) -> Any:
        if argv[0] == "curl":
            return OCI
        return (1, "", "wget: unrecognized option: T") if argv[0] == "wget" else (0, "", "open")

    cluster.execute = execute
    probe = make().run("pod-peer", here("c"), HTTP)
    assert (probe.outcome, probe.command[0]) == (Outcome.OK, "nc")


@pytest.mark.parametrize(
    ("found", "words"),
    [("hang", "did not end in time"), ("flood", "without end"), ("drop", "connection to the cluster ended")],
)
def test_what_says_nothing_about_the_network_is_not_an_outcome(
    found: str, words: str, cluster, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    curl = tools.Tool("curl", tools.TOOLS[0].argv, tools.TOOLS[0].judge, seconds=1.0 if found == "hang" else 9.0)
    monkeypatch.setattr(prober, "TOOLS", (curl, *tools.TOOLS[1:]))
    cluster.execute = lambda *_: found
    probe = make().run("pod-peer", here("c"), HTTP)
    assert {argv[0] for _pod, argv in cluster.commands} == {"curl"}
    assert probe.outcome is Outcome.NOT_RUN
    assert words in probe.why
    assert len(probe.stdout) <= prober.KEPT_OUTPUT


def test_a_runtime_that_refuses_is_quoted_and_asked_again_next_time(cluster, make) -> None:
    cluster.execute = lambda *_: "container is paused"
    where, measuring = here("c"), make()
    probe = measuring.run("pod-peer", where, HTTP)
    assert (probe.outcome, "container is paused" in probe.why) == (Outcome.NOT_RUN, True)
    cluster.execute = having("curl")
    assert measuring.run("pod-peer", where, HTTP).outcome is Outcome.OK


@pytest.mark.parametrize(
    ("status", "words"), [(403, "create pods/exec"), (404, "is gone"), (401, "login"), (500, "No command could be run")]
)
def test_a_refused_exec_is_not_an_outcome(status: int, words: str, cluster, make) -> None:
    from aiohttp import web

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"message": "no"}, status=status)

    cluster.faults["GET /api/v1/namespaces/default/pods/my-pod/exec"] = refuse
    probe = make().run("pod-peer", here("c"), HTTP)
    assert probe.outcome is Outcome.NOT_RUN
    assert words in probe.why


def pod(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "default", "name": "my-pod"},
        "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
        "status": status,
    }


RUNNING, WAITING = {"running": {}}, {"waiting": {"reason": "CrashLoopBackOff"}}


def test_containers_that_run_are_measured_from() -> None:
    states = [{"name": "a", "state": WAITING}, {"name": "b", "state": RUNNING}]
    found = place(pod(phase="Running", containerStatuses=states))
    assert isinstance(found, Place)
    assert ([one["name"] for one in found.containers], found.single) == (["b"], False)


def test_the_default_container_comes_first() -> None:
    made = pod(phase="Running", containerStatuses=[{"name": name, "state": RUNNING} for name in "ab"])
    made["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "b"}
    found = place(made)
    assert isinstance(found, Place)
    assert [one["name"] for one in found.containers] == ["b", "a"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"phase": "Pending"}, "Pending"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        ({"phase": "Running", "containerStatuses": [{"name": "a", "state": WAITING}]}, "CrashLoopBackOff"),
        ({}, "unknown"),
    ],
)
def test_a_pod_that_does_not_run_says_why(status: dict[str, Any], words: str) -> None:
    found = place(pod(**status))
    assert isinstance(found, str)
    assert words in found


def test_a_pod_that_is_going_away() -> None:
    made = pod(phase="Running")
    made["metadata"]["deletionTimestamp"] = "2026-11-23T00:00:00Z"
    assert "being deleted" in str(place(made))


def test_what_a_person_types_can_be_pasted() -> None:
    import shlex

    argv = ("sh", "-c", "echo \"$HOME\" 'x'", "; rm -rf /", "ü")
    typed = matrix.via(PodRef("n", "p"), "c", argv, ("--kubeconfig", "a b"))
    words = shlex.split(typed)
    assert words == ["kubectl", "--kubeconfig", "a b", "exec", "-n", "n", "p", "-c", "c", "--", *argv]
