"""curl, wget, nc, ping, ip, iptables-save and the scripts: words and exit codes of the real programs."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

LOST, HERE = "http://10.2.0.10/health", "http://10.1.0.21/health"

# argv behind curl -sS, exit code, standard error (a regular expression), standard output
CURL = [
    ([HERE], 0, "", "OK\n"),
    (["10.1.0.21/health"], 0, "", "OK\n"),
    ([LOST, "-m", "0.2"], 28, r"curl: \(28\) Connection timed out after 20\d milliseconds\n", ""),
    (
        ["--connect-timeout", "0.2", LOST],
        28,
        r"curl: \(28\) Failed to connect to 10.2.0.10 port 80 after 2\d\d ms: Timeout was reached\n",
        "",
    ),
    (
        ["http://10.1.0.21:81/"],
        7,
        r"curl: \(7\) Failed to connect to 10.1.0.21 port 81 after \d+ ms: Couldn't connect to server\n",
        "",
    ),
    (["http://nobody/"], 6, r"curl: \(6\) Could not resolve host: nobody\n", ""),
    (["-f", "http://10.1.0.21/no"], 22, r"curl: \(22\) The requested URL returned error: 404\n", ""),
    (["http://10.1.0.21/no"], 0, "", "404 page not found\n"),
    (["-m", "0.2", "http://10.1.0.21:5432/"], 28, r".*Operation timed out after 20\d milliseconds with 0 bytes", ""),
    (["-k", "https://10.1.0.21:80/"], 35, r"curl: \(35\) OpenSSL.*wrong version number\n", ""),
    (["foo://x"], 1, r'curl: \(1\) Protocol "foo" not supported', ""),
    (["http://10.1.0.21:99999/"], 3, r"curl: \(3\) URL using bad/illegal format", ""),
    (["-o", "/dev/null", "-w", "%{http_code}", HERE], 0, "", "200"),
    (["-o/dev/null", "-w", "%{http_code} %{remote_ip}:%{remote_port}\\n", HERE], 0, "", "200 10.1.0.21:80\n"),
    (["-o", "/dev/null", "-w", "%{http_code}", "-m", "0.1", LOST], 28, r"curl: \(28\)", "000"),
    (["-o", "/etc/x", HERE], 23, r"(?s).*Read-only file system\ncurl: \(23\)", ""),
    (["--max-time=5", "--fail", HERE], 0, "", "OK\n"),
    (["-XPOST", "-d", "x=1", HERE], 0, "", "OK\n"),
    (["-XDELETE", HERE], 0, "", "405 method not allowed\n"),
    (["--noproxy", "*", HERE], 0, "", "OK\n"),
    (["--resolve", "web:80:10.1.0.21", "http://web/health"], 0, "", "OK\n"),
    (["-4", "-L", "--retry", "0", HERE], 0, "", "OK\n"),
]


@pytest.mark.parametrize(("argv", "code", "err", "out"), CURL)
async def test_curl(argv: list[str], code: int, err: str, out: str, zoo: Any) -> None:
    done = await zoo.type("curl", "-sS", *argv)
    assert done.code == code
    assert re.match(err, done.err) if err else done.err == ""
    assert done.out == out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "curl: no URL specified!"),
        (["--bad", HERE], "curl: option --bad: is unknown"),
        (["-m"], "curl: option -m: requires parameter"),
        (["-m", "x", HERE], "curl: option --max-time: expected a proper numerical parameter"),
    ],
)
async def test_curl_usage(argv: list[str], message: str, zoo: Any) -> None:
    done = await zoo.type("curl", *argv)
    assert done.code == 2
    assert done.err.startswith(message)


async def test_curl_head_include_verbose_silent(zoo: Any) -> None:
    head = await zoo.type("curl", "-sI", HERE)
    assert head.out.startswith("HTTP/1.1 200 OK\r\n")
    assert head.out.endswith("\r\n\r\n")
    assert (await zoo.type("curl", "-si", HERE)).out.endswith("\r\n\r\nOK\n")
    verbose = (await zoo.type("curl", "-sv", HERE)).err
    for line in (
        "*   Trying 10.1.0.21:80...",
        "* Connected to 10.1.0.21 (10.1.0.21) port 80 (#0)",
        "> GET /health HTTP/1.1",
    ):
        assert line in verbose
    assert "< HTTP/1.1 200 OK" in verbose
    refused = (await zoo.type("curl", "-sv", "http://10.1.0.21:81/")).err
    assert "* connect to 10.1.0.21 port 81 failed: Connection refused" in refused
    silent = await zoo.type("curl", "-s", "-m", "0.1", LOST)
    assert (silent.code, silent.err) == (28, "")


async def test_curl_meter(zoo: Any) -> None:
    done = await zoo.type("curl", HERE)
    assert done.err.startswith("  % Total    % Received % Xferd")
    assert "\r100     3  100     3 " in done.err
    assert (await zoo.type("curl", HERE, tty=True)).out == "OK\r\n", "no meter on a terminal"


async def test_curl_retries(zoo: Any) -> None:
    done = await zoo.type("curl", "-S", "--retry", "1", "--retry-delay", "0", "-m", "0.1", LOST)
    assert done.code == 28
    assert "Warning: Transient problem: timeout Will retry in 0 seconds. 1 retry left." in done.err


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"OK\n" if self.path == "/health" else b"404 page not found\n"
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def real_curl(*argv: str) -> subprocess.CompletedProcess[str]:
    """The machine's own curl."""
    try:
        return subprocess.run(
            ["curl", "-sS", "--noproxy", "*", *argv], capture_output=True, text=True, timeout=20, check=False
        )
    except FileNotFoundError:
        pytest.skip("no curl on this machine")


@pytest.fixture(scope="module")
def real_port() -> Iterator[int]:
    """A real web server that answers as test-gce-01 does."""
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "argv", [["/health"], ["-f", "/no"], ["/no"], ["-o", "/dev/null", "-w", "%{http_code}\\n", "/no"]]
)
async def test_curl_as_the_real_one(argv: list[str], zoo: Any, real_port: int) -> None:
    """The machine's own curl on a real server, held against the lab's; versions differ in no word that is compared."""
    path = argv[-1]
    real = real_curl(*argv[:-1], f"http://127.0.0.1:{real_port}{path}")
    done = await zoo.type("curl", "-sS", *argv[:-1], f"http://10.1.0.21{path}")
    assert (done.code, done.out, done.err) == (real.returncode, real.stdout, real.stderr)


def test_a_closed_port_in_the_real_curls_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        real = real_curl(f"http://127.0.0.1:{port}/")
    assert real.returncode == 7
    assert re.match(rf"curl: \(7\) Failed to connect to 127.0.0.1 port {port}", real.stderr)


WGET = [
    ("busybox", ["-q", "-O", "-", HERE], 0, "", "OK\n"),
    ("busybox", ["-q", "-O", "-", "-T", "0.1", LOST], 1, "wget: download timed out\n", ""),
    (
        "busybox",
        ["-q", "-O", "-", "http://10.1.0.21:81/"],
        1,
        "wget: can't connect to remote host (10.1.0.21): Connection refused\n",
        "",
    ),
    ("busybox", ["-q", "-O-", "http://10.1.0.21/no"], 1, "wget: server returned error: HTTP/1.1 404 Not Found\n", ""),
    ("busybox", ["-q", "-O-", "http://nobody/"], 1, "wget: bad address 'nobody'\n", ""),
    ("python", ["-q", "-O", "-", HERE], 0, "", "OK\n"),
    ("python", ["-q", "-O", "-", "-T", "0.1", "-t", "1", LOST], 4, "", ""),
    ("python", ["-q", "-O-", "http://10.1.0.21/no"], 8, "", ""),
    ("python", ["-q", "http://nobody/"], 4, "wget: unable to resolve host address ‘nobody’\n", ""),
]


@pytest.mark.parametrize(("pod", "argv", "code", "err", "out"), WGET)
async def test_wget(pod: str, argv: list[str], code: int, err: str, out: str, zoo: Any) -> None:
    done = await zoo.type("wget", *argv, pod=pod)
    assert (done.code, done.err, done.out) == (code, err, out)


async def test_gnu_wget_tells_its_story(zoo: Any) -> None:
    done = await zoo.type("wget", "-O", "-", "-T", "0.1", "-t", "1", LOST, pod="python")
    assert re.match(r"--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--  http://10.2.0.10/health\n", done.err)
    assert "Connecting to 10.2.0.10:80... failed: Connection timed out.\nGiving up.\n" in done.err
    assert "failed: Connection refused.\n" in (await zoo.type("wget", "http://10.1.0.21:81", pod="python")).err


NC = [
    ("busybox", ["-v", "-z", "-w", "1", "10.1.0.21", "80"], 0, "10.1.0.21 (10.1.0.21:80) open\n"),
    ("busybox", ["-vz", "10.1.0.21", "81"], 1, "nc: 10.1.0.21 (10.1.0.21:81): Connection refused\n"),
    ("busybox", ["-vz", "-w", "0.1", "10.2.0.10", "80"], 1, "nc: timed out\n"),
    ("tools", ["-zvw1", "10.1.0.21", "80"], 0, "Connection to 10.1.0.21 80 port [tcp/http] succeeded!\n"),
    ("tools", ["-zv", "10.1.0.21", "81"], 1, "nc: connect to 10.1.0.21 port 81 (tcp) failed: Connection refused\n"),
    (
        "tools",
        ["-z", "-v", "-w", "0.1", "10.2.0.10", "80"],
        1,
        "nc: connect to 10.2.0.10 port 80 (tcp) timed out: Operation now in progress\n",
    ),
    ("tools", ["-z", "10.1.0.21", "81"], 1, ""),
    ("tools", ["-z", "10.1.0.21", "79-80"], 0, ""),
]


@pytest.mark.parametrize(("pod", "argv", "code", "err"), NC)
async def test_nc(pod: str, argv: list[str], code: int, err: str, zoo: Any) -> None:
    done = await zoo.type("nc", *argv, pod=pod)
    assert (done.code, done.err, done.out) == (code, err, "")


async def test_nc_speaks_http(zoo: Any) -> None:
    done = await zoo.sh("printf 'GET /health HTTP/1.0\\r\\n\\r\\n' | nc -w 1 10.1.0.21 80 | tail -n 1")
    assert done.out == "OK\n"


async def test_ping_of_busybox(zoo: Any) -> None:
    done = await zoo.type("ping", "-c1", "-W1", "10.1.0.21")
    assert done.code == 0
    assert re.fullmatch(
        r"PING 10\.1\.0\.21 \(10\.1\.0\.21\): 56 data bytes\n"
        r"64 bytes from 10\.1\.0\.21: seq=0 ttl=\d+ time=[\d.]+ ms\n\n"
        r"--- 10\.1\.0\.21 ping statistics ---\n"
        r"1 packets transmitted, 1 packets received, 0% packet loss\n"
        r"round-trip min/avg/max = [\d.]+/[\d.]+/[\d.]+ ms\n",
        done.out,
    )
    lost = await zoo.type("ping", "-c", "2", "-i", "0.05", "-W", "0.1", "10.2.0.10")
    assert lost.code == 1
    assert lost.out.endswith("2 packets transmitted, 0 packets received, 100% packet loss\n")
    assert (await zoo.type("ping", "-c1", "nobody")).err == "ping: bad address 'nobody'\n"


async def test_ping_of_iputils(zoo: Any) -> None:
    done = await zoo.type("ping", "-c1", "-W1", "10.1.0.21", pod="tools")
    assert done.code == 0
    assert "PING 10.1.0.21 (10.1.0.21) 56(84) bytes of data.\n64 bytes from 10.1.0.21: icmp_seq=1 ttl=" in done.out
    assert "1 packets transmitted, 1 received, 0% packet loss, time 0ms\nrtt min/avg/max/mdev = " in done.out
    lost = await zoo.type("ping", "-c1", "-W", "0.1", "10.2.0.10", pod="tools")
    assert lost.code == 1
    assert "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n\n" in lost.out
    unknown = await zoo.type("ping", "-c1", "nobody", pod="tools")
    assert (unknown.code, unknown.err) == (2, "ping: nobody: Name or service not known\n")


async def test_ip(zoo: Any) -> None:
    assert (await zoo.type("ip", "route")).out.startswith(
        "default via 172.16.1.1 dev eth0 \n172.16.1.0/24 via 172.16.1.1"
    )
    assert (await zoo.type("ip", "route", "get", "10.2.0.10")).out.startswith(
        "10.2.0.10 via 172.16.1.1 dev eth0 src 172.16.1.2"
    )
    assert "inet 172.16.1.2/24 brd 172.16.1.255 scope global eth0" in (await zoo.type("ip", "-4", "addr")).out
    assert "link/ether" in (await zoo.type("ip", "a", "show", "dev", "eth0")).out
    assert (await zoo.type("ip", "-o", "-4", "addr", "show", "eth0", pod="host")).out.startswith(
        "2: eth0    inet 10.1.0.11/32 scope global eth0"
    )
    assert (await zoo.type("ip", "route", "get", "x")).code == 1
    assert (await zoo.type("ip", "route", "add", "10.9.0.0/16", "via", "10.1.0.1")).code == 2
    assert (await zoo.type("ip", "addr", "show", "eth9")).code == 1


async def test_iptables_save_needs_the_node_and_the_right(zoo: Any) -> None:
    done = await zoo.type("iptables-save", "-t", "nat", pod="host")
    assert done.code == 4
    pods = zoo.store.table("kube/pods")
    pod = pods.get("default/host")
    pod["spec"]["containers"][0]["securityContext"] = {"capabilities": {"add": ["NET_ADMIN"]}}
    pods.replace("default/host", pod)
    done = await zoo.type("iptables-save", "-t", "nat", pod="host")
    assert done.code == 0
    assert zoo.nat() in done.out
    assert (await zoo.type("iptables-save", pod="tools")).code == 4


BASH = 'exec 3<>"/dev/tcp/$0/$1" || exit 7; [ -n "$2" ] || exit 0; printf "GET %s HTTP/1.0\\r\\n\\r\\n" "$2" >&3; '
BASH += (
    'IFS= read -r -t 0.2 line <&3 || exit 29; printf "%s\\n" "$line"; case "$line" in HTTP/*" "[45]*) exit 22;; esac'
)


@pytest.mark.parametrize(
    ("ip", "port", "path", "code"),
    [
        ("10.1.0.21", "80", "/health", 0),
        ("10.1.0.21", "80", "/no", 22),
        ("10.1.0.21", "80", "", 0),
        ("10.1.0.21", "81", "", 7),
        ("10.1.0.21", "5432", "/", 29),
        ("nobody", "80", "", 7),
    ],
)
async def test_bash_dev_tcp(ip: str, port: str, path: str, code: int, zoo: Any) -> None:
    done = await zoo.type("bash", "-c", BASH, ip, port, path, pod="debian")
    assert done.code == code
    if code == 7 and ip != "nobody":
        assert done.err.startswith("bash: connect: Connection refused\nbash: line 1: /dev/tcp/10.1.0.21/81: ")


async def test_dev_tcp_under_timeout(zoo: Any) -> None:
    done = await zoo.type("timeout", "0.2", "bash", "-c", "</dev/tcp/10.2.0.10/80", pod="debian")
    assert done.code == 124
    assert (await zoo.type("timeout", "5", "bash", "-c", "</dev/tcp/10.1.0.21/80", pod="debian")).code == 0
    assert (await zoo.sh("</dev/tcp/10.1.0.21/80", pod="debian")).code == 1, "dash has no /dev/tcp"


@pytest.mark.parametrize(("program", "flag", "pod"), [("python3", "-c", "python"), ("perl", "-e", "debian")])
async def test_scripts(program: str, flag: str, pod: str, zoo: Any) -> None:
    text = "import socket; s.settimeout(0.2)" if program == "python3" else "use IO::Socket::INET; alarm 0.2;"
    for argv, code in (
        (["10.1.0.21", "80", "/health"], 0),
        (["10.1.0.21", "80", ""], 0),
        (["10.1.0.21", "80", "/no"], 22),
        (["10.1.0.21", "81", ""], 7),
        (["10.2.0.10", "80", ""], 28),
        (["10.1.0.21", "5432", "/"], 29),
    ):
        assert (await zoo.type(program, flag, text, *argv, pod=pod)).code == code
    other = await zoo.type(program, flag, "import os; os.system('id')", pod=pod)
    assert other.code == 1
    assert "the lab runs no scripts" in other.err


async def test_a_multi_network_pod_says_by_which_interface_it_leaves(world: Any) -> None:
    made = world("rc55-pod-leaves-by-other-network")
    assert (await made.type("ip", "route", "get", "10.2.0.10")).out.startswith("10.2.0.10 dev eth1")
    assert "dev eth0" in (await made.type("ip", "route", "get", "10.1.0.21")).out
    routes = (await made.type("ip", "route")).out
    assert routes.startswith("default dev eth1")
    assert routes.count("default") == 1


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("test-gce-01.asia-northeast1-a.c.project-a.internal", "10.1.0.21"),
        ("here.corp.example", "10.1.0.21"),
        ("target-gce-01.asia-northeast1-a.c.project-b.internal", ""),
        ("shop.corp.example", ""),
    ],
)
async def test_names_of_one_network_are_not_known_in_the_peer(name: str, address: str, zoo: Any) -> None:
    done = await zoo.type("nslookup", name, pod="tools")
    assert (done.code, address in done.out) == (0 if address else 1, True)
    assert bool(address) != ("NXDOMAIN" in done.out)
    asked = await zoo.type("curl", "-sS", "-m", "3", f"http://{name}/health", pod="tools")
    assert asked.code == (0 if address else 6)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("curl", "-sS", "-m", "0.3", "http://10.2.0.10/health"), 0),
        (("curl", "-sS", "-m", "0.3", "http://10.2.0.10/export"), 28),
        (("curl", "-sS", "-m", "0.3", "-I", "http://10.2.0.10/export"), 0),
        (("curl", "-sS", "-m", "0.3", f"http://10.2.0.10/health?{'a' * 1500}"), 28),
        (("ping", "-c", "1", "-W", "1", "-s", "1432", "10.2.0.10"), 0),
        (("ping", "-c", "1", "-W", "1", "-s", "1433", "10.2.0.10"), 1),
        (("ping", "-c", "1", "-W", "1", "-s", "8000", "10.1.0.21"), 0),
    ],
)
async def test_a_network_that_loses_large_packets(argv: tuple[str, ...], code: int, world: Any) -> None:
    done = await world("rc68-large-packets-lost").type(*argv)
    assert done.code == code
