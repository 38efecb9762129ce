"""What each tool's exit code and words mean. Words as printed by curl 7.88 and 8.x, GNU Wget 1.21, BusyBox 1.36,
OpenBSD nc, iputils ping, bash 5."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from probes.exec import Done
from probes.tools import TOOLS, proxied, url
from rules.snapshot import Outcome, Target

BY_NAME = {tool.name: tool for tool in TOOLS}
HTTP = Target("10.2.0.10", 80, "tcp", "/health")
TCP = Target("10.2.0.10", 5432)

TABLE = [
    ("curl", HTTP, 0, "", Outcome.OK),
    ("curl", HTTP, 28, "curl: (28) Connection timed out after 3001 milliseconds", Outcome.TIMEOUT),
    (
        "curl",
        HTTP,
        28,
        "curl: (28) Failed to connect to 10.2.0.10 port 80 after 3002 ms: Timeout was reached",
        Outcome.TIMEOUT,
    ),
    ("curl", HTTP, 28, "curl: (28) Operation timed out after 3001 milliseconds with 0 bytes received", Outcome.STALLED),
    (
        "curl",
        HTTP,
        28,
        "curl: (28) Operation timed out after 3001 milliseconds with 14480 out of 99 bytes received",
        Outcome.STALLED,
    ),
    ("curl", TCP, 28, "curl: (28) Operation timed out after 3001 milliseconds with 0 bytes received", Outcome.OK),
    ("curl", HTTP, 28, "curl: (28) Resolving timed out after 3000 milliseconds", Outcome.DNS),
    ("curl", HTTP, 7, "curl: (7) Failed to connect to 10.2.0.10 port 80: Connection refused", Outcome.REFUSED),
    (
        "curl",
        HTTP,
        7,
        "curl: (7) Failed to connect to 10.2.0.10 port 80 after 1 ms: No route to host",
        Outcome.UNREACHABLE,
    ),
    ("curl", HTTP, 7, "curl: (7) Couldn't connect to server", None),
    (
        "curl",
        HTTP,
        7,
        "*   Trying 10.2.0.10:80...\n* connect to 10.2.0.10 port 80 failed: Connection refused",
        Outcome.REFUSED,
    ),
    ("curl", HTTP, 6, "curl: (6) Could not resolve host: x", Outcome.DNS),
    ("curl", HTTP, 22, "curl: (22) The requested URL returned error: 403", Outcome.APP_ERROR),
    ("curl", TCP, 22, "curl: (22) The requested URL returned error: 403", Outcome.OK),
    ("curl", HTTP, 52, "curl: (52) Empty reply from server", Outcome.APP_ERROR),
    ("curl", TCP, 52, "curl: (52) Empty reply from server", Outcome.OK),
    ("curl", TCP, 1, "curl: (1) Received HTTP/0.9 when not allowed", Outcome.OK),
    ("curl", HTTP, 56, "curl: (56) Recv failure: Connection reset by peer", Outcome.APP_ERROR),
    ("wget", HTTP, 0, "", Outcome.OK),
    ("wget", HTTP, 1, "wget: can't connect to remote host (10.2.0.10): Connection refused", Outcome.REFUSED),
    ("wget", HTTP, 1, "wget: can't connect to remote host (10.2.0.10): No route to host", Outcome.UNREACHABLE),
    ("wget", HTTP, 1, "wget: download timed out", Outcome.TIMEOUT),
    ("wget", HTTP, 1, "wget: server returned error: HTTP/1.1 403 Forbidden", Outcome.APP_ERROR),
    ("wget", TCP, 1, "wget: server returned error: HTTP/1.1 404 Not Found", Outcome.OK),
    ("wget", HTTP, 1, "wget: bad address 'x'", Outcome.DNS),
    ("wget", HTTP, 1, "wget: error getting response: Connection reset by peer", Outcome.APP_ERROR),
    ("wget", HTTP, 8, "", Outcome.APP_ERROR),
    ("wget", HTTP, 4, "", None),
    ("wget", HTTP, 4, "Connecting to 10.2.0.10:80... failed: Connection timed out.", Outcome.TIMEOUT),
    ("nc", TCP, 0, "10.2.0.10 (10.2.0.10:5432) open", Outcome.OK),
    ("nc", TCP, 1, "nc: connect to 10.2.0.10 port 5432 (tcp) failed: Connection refused", Outcome.REFUSED),
    ("nc", TCP, 1, "nc: connect to 10.2.0.10 port 5432 (tcp) timed out: Operation now in progress", Outcome.TIMEOUT),
    ("nc", TCP, 1, "nc: 10.2.0.10 (10.2.0.10:5432): Connection timed out", Outcome.TIMEOUT),
    ("nc", TCP, 1, "nc: invalid option -- 'z'", None),
    (
        "bash",
        TCP,
        7,
        "bash: connect: Connection refused\nbash: /dev/tcp/10.2.0.10/5432: Connection refused",
        Outcome.REFUSED,
    ),
    ("bash", TCP, 7, "bash: connect: Connection timed out", Outcome.TIMEOUT),
    ("bash", HTTP, 29, "", Outcome.STALLED),
    ("bash", HTTP, 22, "", Outcome.APP_ERROR),
    ("python3", TCP, 7, "[Errno 113] No route to host", Outcome.UNREACHABLE),
    ("python3", HTTP, 28, "connect: timed out", Outcome.TIMEOUT),
    ("perl", HTTP, 7, "connect: Connection refused", Outcome.REFUSED),
    ("ping", HTTP, 0, "1 packets transmitted, 1 received, 0% packet loss", Outcome.OK),
    ("ping", HTTP, 1, "1 packets transmitted, 0 received, 100% packet loss", Outcome.TIMEOUT),
    ("ping", HTTP, 1, "From 10.1.0.11 icmp_seq=1 Destination Host Unreachable", Outcome.UNREACHABLE),
    ("ping", HTTP, 1, "ping: permission denied (are you root?)", None),
]


@pytest.mark.parametrize(("tool", "target", "code", "said", "outcome"), TABLE)
def test_what_an_ending_means(tool: str, target: Target, code: int, said: str, outcome: Outcome | None) -> None:
    assert BY_NAME[tool].judge(Done(code, "", said, 0.1), target) == outcome


@pytest.mark.parametrize(
    ("tool", "outcome"),
    [
        ("curl", None),
        ("wget", Outcome.TIMEOUT),
        ("nc", None),
        ("bash", Outcome.TIMEOUT),
        ("python3", None),
        ("ping", None),
    ],
)
def test_a_deadline_says_something_only_of_tools_without_one_of_their_own(tool: str, outcome: Outcome | None) -> None:
    judge = BY_NAME[tool].judge
    done = Done(None, "", "", 8.0, "deadline")
    assert judge(done, HTTP) == outcome
    assert judge(Done(None, "", "", 8.0, "dropped"), HTTP) is None


def test_every_protocol_has_its_tools() -> None:
    assert [tool.name for tool in TOOLS if tool.argv(HTTP, False)] == [
        "curl",
        "wget",
        "nc",
        "bash",
        "python3",
        "python",
        "perl",
    ]
    assert [tool.name for tool in TOOLS if tool.argv(Target("10.1.0.21", None, "icmp"), False)] == ["ping"]
    assert [tool.name for tool in TOOLS if tool.argv(Target("10.1.0.21", 53, "udp"), False)] == []


def test_urls() -> None:
    assert url(HTTP) == "http://10.2.0.10/health"
    assert url(TCP) == "http://10.2.0.10:5432/"


@pytest.mark.parametrize(
    ("container", "found"),
    [
        ({}, False),
        ({"env": [{"name": "HTTP_PROXY"}]}, True),
        ({"env": [{"name": "http_proxy"}]}, True),
        ({"envFrom": [{}]}, True),
        ({"env": [{"name": "PATH"}, 3]}, False),
        ({"env": "odd"}, False),
    ],
)
def test_a_proxy_in_the_environment_is_passed_by(container: dict, found: bool) -> None:
    assert proxied(container) is found
    argv = BY_NAME["curl"].argv(HTTP, found)
    assert argv is not None
    assert ("--noproxy" in argv) is found


class Server:
    """A TCP server on loopback that answers every connection with `reply`, or not at all where it is None."""

    def __init__(self, reply: bytes | None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.reply = reply
        self.held: list[socket.socket] = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.reply is None:
                self.held.append(connection)
                continue
            with connection:
                try:
                    connection.settimeout(5)
                    request = b""
                    while b"\r\n\r\n" not in request:
                        request += connection.recv(4096) or b"\r\n\r\n"
                    connection.sendall(self.reply)
                except OSError:
                    continue

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.held:
            connection.close()
        self.thread.join(5)


@pytest.fixture
def reply(request: pytest.FixtureRequest) -> Iterator[int]:
    server = Server(request.param)
    yield server.port
    server.close()


REAL = [name for name in ("curl", "wget", "nc", "bash", "python3", "perl") if shutil.which(name)]


def run(tool: str, target: Target) -> Outcome | None:
    argv = BY_NAME[tool].argv(target, True)
    assert argv is not None
    done = subprocess.run(argv, capture_output=True, text=True, timeout=15, check=False)
    outcome = BY_NAME[tool].judge(Done(done.returncode, done.stdout, done.stderr, 0.0), target)
    explain = BY_NAME[tool].explain
    if outcome is None and explain is not None:
        done = subprocess.run(explain(argv), capture_output=True, text=True, timeout=15, check=False)
        outcome = BY_NAME[tool].judge(Done(done.returncode, done.stdout, done.stderr, 0.0), target)
    return outcome


@pytest.mark.parametrize("tool", REAL)
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK", Outcome.OK),
        (b"HTTP/1.0 403 Forbidden\r\nContent-Length: 0\r\n\r\n", Outcome.APP_ERROR),
    ],
    indirect=["reply"],
)
def test_the_real_tools_ask_http(tool: str, reply: int, outcome: Outcome) -> None:
    expected = Outcome.OK if tool == "nc" else outcome
    assert run(tool, Target("127.0.0.1", reply, "tcp", "/health")) is expected


@pytest.mark.parametrize("tool", REAL)
def test_the_real_tools_are_refused(tool: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = int(unused.getsockname()[1])
        for path in (None, "/health"):
            assert run(tool, Target("127.0.0.1", port, "tcp", path)) is Outcome.REFUSED


@pytest.mark.parametrize("tool", [name for name in REAL if name not in ("nc", "wget")])
@pytest.mark.parametrize("reply", [None], indirect=True)
def test_the_real_tools_wait_for_an_answer_only_so_long(tool: str, reply: int) -> None:
    assert run(tool, Target("127.0.0.1", reply, "tcp", "/health")) is Outcome.STALLED
