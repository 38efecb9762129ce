"""Commands over WebSocket: exit codes, streams, and everything that can go wrong in between."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from probes import exec as remote
from probes.errors import CallError
from probes.kube import Kube
from probes.kubeconfig import find
from rules.snapshot import PodRef

POD = PodRef("default", "my-pod")


@pytest.fixture
def client(cluster) -> Iterator[Kube]:
    made = Kube(find(None, None))
    yield made
    made.close()


@pytest.mark.parametrize("code", [0, 1, 7, 28, 127, 137, 255])
def test_exit_codes_come_through(code: int, cluster, client: Kube) -> None:
    cluster.execute = lambda *_: (code, "out", "err")
    done = remote.run(client, POD, "my-pod", ["curl", "x"], 5)
    assert (done.exit_code, done.stdout, done.stderr, done.cut) == (code, "out", "err", "")


def test_arguments_stay_arguments(cluster, client: Kube) -> None:
    argv = ["sh", "-c", "echo $HOME; 'x' \"y\"", "a b", "&c=d", "ü", "", "\n"]
    cluster.execute = lambda *_: (0, "", "")
    remote.run(client, POD, "my-pod", argv, 5)
    assert cluster.commands == [("my-pod", argv)]


def test_escapes_and_broken_utf8_stay_data(cluster, client: Kube) -> None:
    cluster.execute = lambda *_: (0, "\x1b]52;c;aGk=\x07[/x]\udcff", "")
    assert remote.run(client, POD, "my-pod", ["x"], 5).stdout == "\x1b]52;c;aGk=\x07[/x]\ufffd"


@pytest.mark.parametrize(
    "message",
    [
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "curl": executable file not '
        "found in $PATH: unknown",
        'failed to exec in container: exec: "curl": stat curl: no such file or directory',
    ],
)
def test_a_program_that_is_not_there(message: str, cluster, client: Kube) -> None:
    cluster.execute = lambda *_: message
    done = remote.run(client, POD, "my-pod", ["curl"], 5)
    assert (done.exit_code, done.missing) == (None, True)
    cluster.execute = lambda *_: (126, "OCI runtime exec failed: executable file not found in $PATH", "")
    assert remote.run(client, POD, "my-pod", ["curl"], 5).missing
    cluster.execute = lambda *_: (126, "", "permission denied")
    assert not remote.run(client, POD, "my-pod", ["curl"], 5).missing


def test_another_message_is_kept(cluster, client: Kube) -> None:
    cluster.execute = lambda *_: "container not running"
    done = remote.run(client, POD, "my-pod", ["curl"], 5)
    assert (done.exit_code, done.cut, done.missing) == (None, "container not running", False)


@pytest.mark.parametrize(("what", "cut"), [("hang", "deadline"), ("flood", "output"), ("drop", "dropped")])
def test_nothing_lasts(what: str, cut: str, cluster, client: Kube) -> None:
    cluster.execute = lambda *_: what
    started = time.monotonic()
    done = remote.run(client, POD, "my-pod", ["x"], 1.0 if what == "hang" else 10.0)
    assert (done.exit_code, done.cut) == (None, cut)
    assert len(done.stdout) <= remote.MAX_OUTPUT
    assert time.monotonic() - started < 9


def test_refusals_are_call_errors(cluster, client: Kube) -> None:
    from aiohttp import web

    async def forbidden(_: web.Request) -> web.Response:
        return web.json_response({"message": "no exec for you"}, status=403)

    cluster.faults["GET /api/v1/namespaces/default/pods/my-pod/exec"] = forbidden
    with pytest.raises(CallError) as caught:
        remote.run(client, POD, "my-pod", ["x"], 5)
    assert (caught.value.why, caught.value.detail) == ("forbidden", "no exec for you")
