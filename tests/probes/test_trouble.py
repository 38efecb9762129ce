"""The way to a cluster barred in every manner: the cause is said, and the command that mends it."""

from __future__ import annotations

import ipaddress
import os
import pty
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from probes import kubeconfig, login, plugin
from probes.errors import CallError, ContextError, LoginError, NoAccessError, ProbeError, UnreachableError
from probes.kube import Kube
from probes.refusal import refusal

GKE = "gke_project-a_asia-northeast1_prod"
FETCH = "gcloud container clusters get-credentials prod --location asia-northeast1 --project project-a"
DAY = timedelta(days=1)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ProbeError]:
    """What a person is told who comes with this cluster and this user; fails where the way is open."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAYHOME_PATIENCE", "0.1")

    def ask(cluster: dict[str, Any], user: dict[str, Any] | None = None, name: str = GKE) -> ProbeError:
        path = tmp_path / "config"
        data = {
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user or {"token": "t"}}],
        }
        path.write_text(yaml.safe_dump(data))
        try:
            access = kubeconfig.find(str(path), None)
            client = Kube(access)
            try:
                client.get("/api/v1/pods")
            except CallError as error:
                return refusal(error, access, "read the pod default/my-pod", "get pods")
            finally:
                client.close()
        except ProbeError as error:
            return error
        raise AssertionError("the way is open")

    return ask


# --- what answers, or does not


def certificate(folder: Path, *, start: timedelta = -DAY, end: timedelta = DAY, name: str = "127.0.0.1") -> Path:
    """A certificate of its own making and its key, in one file; valid from `start` to `end`, seen from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start)
        .not_valid_after(now + end)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, bare = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / f"{made.serial_number}.pem"
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, bare) + made.public_bytes(pem))
    return path


class Empty(BaseHTTPRequestHandler):
    """Answers a GET with a list of nothing, and `refuses` with its code to a CONNECT."""

    refuses = 403
    body = b'{"kind": "PodList", "items": []}'

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_CONNECT(self) -> None:
        self.send_response(self.refuses, "Not here")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Quiet."""


@contextmanager
def serving(pem: Path | None = None, **tls: Any) -> Iterator[str]:
    """HTTP, or HTTPS with the certificate `pem`, on a port of its own: host and port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # handshakes are meant to fail
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        if "clients" in tls:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(tls["clients"])
            context.maximum_version = ssl.TLSVersion.TLSv1_2  # the refusal comes before the question
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_the_server_of_these_tests_can_be_reached(told, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with serving(pem) as at, pytest.raises(AssertionError, match="the way is open"):
        told({"server": f"https://{at}", "certificate-authority": str(pem)})


@pytest.mark.parametrize(
    ("made", "trusted", "cause", "mended_by"),
    [
        ({}, False, "an authority that is not known here", FETCH),
        ({"start": -9 * DAY, "end": -DAY}, True, "its certificate has expired", "date -u"),
        ({"start": DAY, "end": 9 * DAY}, True, "its certificate is not valid yet", "date -u"),
        ({"name": "127.0.0.9"}, True, "its certificate is for another name", FETCH),
    ],
    ids=["authority", "expired", "early", "name"],
)
def test_a_server_that_is_not_trusted(
    told, tmp_path: Path, made: dict[str, Any], trusted: bool, cause: str, mended_by: str
) -> None:
    pem = certificate(tmp_path, **made)
    authority = pem if trusted else certificate(tmp_path)
    with serving(pem) as at:
        found = told({"server": f"https://{at}", "certificate-authority": str(authority)})
    assert isinstance(found, UnreachableError)
    assert found.exit_code == 3
    assert cause in found.sentence
    assert mended_by in found.sentence
    assert "_ssl.c" not in found.sentence


def test_an_authority_that_is_no_certificate(told, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("not a certificate\n")
    with serving(certificate(tmp_path)) as at:
        found = told({"server": f"https://{at}", "certificate-authority": "ca.crt"})
    assert found.exit_code == 3
    assert "cannot be read" in found.sentence
    assert FETCH in found.sentence


def test_a_server_that_wants_another_certificate_of_ours(told, tmp_path: Path) -> None:
    pem, ours = certificate(tmp_path), certificate(tmp_path)
    with serving(pem, clients=pem) as at:
        cluster = {"server": f"https://{at}", "certificate-authority": str(pem)}
        found = told(cluster, {"client-certificate": str(ours), "client-key": str(ours)})
    assert found.exit_code == 3
    assert "does not accept our certificate" in found.sentence
    assert FETCH in found.sentence


def test_a_server_that_does_not_speak_tls(told) -> None:
    with serving() as at:
        found = told({"server": f"https://{at}"})
    assert found.exit_code == 3
    assert "does not speak TLS" in found.sentence
    assert "kubectl config view --minify" in found.sentence


def test_a_control_plane_that_does_not_answer(told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = told({"server": f"https://127.0.0.1:{silent.getsockname()[1]}"})
    assert found.exit_code == 3
    assert "private control plane" in found.sentence
    assert f"{FETCH} --dns-endpoint" in found.sentence


@pytest.mark.parametrize("where", ["kubeconfig", "environment"])
@pytest.mark.parametrize("code", [403, 407, 502, 0], ids=str)
def test_a_proxy_in_the_way(told, monkeypatch: pytest.MonkeyPatch, where: str, code: int) -> None:
    monkeypatch.setattr(Empty, "refuses", code)
    with serving() as at:
        proxy = f"me:secret@{at}" if code else "127.0.0.1:1"
        if where == "environment":
            monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        more = {"proxy-url": f"http://{proxy}"} if where == "kubeconfig" else {}
        found = told({"server": "https://203.0.113.1", **more})
    assert isinstance(found, UnreachableError)
    assert (at if code else proxy) in found.sentence
    assert "secret" not in found.sentence
    assert (str(code) if code else "nothing listens") in found.sentence
    assert ("NO_PROXY=203.0.113.1" if where == "environment" else "proxy-url") in found.sentence


# --- the kubeconfig


@pytest.mark.parametrize(
    ("cluster", "user", "cause"),
    [
        ({"certificate-authority": "gone.crt"}, None, "gone.crt"),
        ({}, {"client-certificate": "gone.crt", "client-key": "gone.key"}, "gone.crt"),
        ({}, {"tokenFile": "gone"}, "No such file or directory"),
        ({}, {"exec": {}}, "not set down"),
        ({}, {"exec": {"command": "true", "env": [1]}}, "not set down"),
        ({}, {"exec": {"command": "true", "args": 3}}, "not set down"),
    ],
)
def test_a_kubeconfig_that_names_what_is_not_there(told, cluster, user, cause: str) -> None:
    found = told({"server": "https://203.0.113.1", **cluster}, user)
    assert isinstance(found, ContextError)
    assert found.exit_code == 2
    assert cause in found.sentence
    assert FETCH in found.sentence


@pytest.mark.parametrize("server", ["ftp://a", "https://a:99999", "https://", "https://a:0"])
def test_a_server_that_is_no_url(told, server: str) -> None:
    found = told({"server": server})
    assert isinstance(found, ContextError)
    assert f"no usable server: {server!r}" in found.sentence


@pytest.mark.parametrize(("more", "scheme"), [({}, "http"), ({"insecure-skip-tls-verify": True}, "https")])
def test_a_server_without_a_scheme_is_taken_as_kubectl_takes_it(told, more: dict[str, Any], scheme: str) -> None:
    assert f" {scheme}://127.0.0.1:1:" in told({"server": "127.0.0.1:1", **more}, name="it").sentence


# --- the login


@pytest.mark.parametrize(
    ("helper", "cause", "mended_by"),
    [
        ({"name": "gcp", "config": {"cmd-path": "/nowhere/gcloud"}}, "auth-provider 'gcp'", FETCH),
        ({"name": "oidc", "config": {}}, "no OpenID Connect token", f"--context {GKE} get pods"),
    ],
)
def test_a_login_helper_of_old(told, helper: dict[str, Any], cause: str, mended_by: str) -> None:
    found = told({"server": "https://203.0.113.1"}, {"auth-provider": helper})
    assert isinstance(found, LoginError)
    assert cause in found.sentence
    assert mended_by in found.sentence


V1, V1BETA1, V1ALPHA1 = (f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))
GCLOUD = """F0101 00:00:00.000000       7 cred.go:145] print credential failed with error: Failed to retrieve \
access token:: \
failure while executing gcloud, with args [config config-helper --format=json]: exit status 1 (err: ERROR: \
(gcloud.config.config-helper) There was a problem refreshing your current auth tokens: Reauthentication failed.
Please run:

  $ gcloud auth login

to obtain new credentials.
)
"""
NO_GCLOUD = 'Error: failure while executing gcloud: exec: "gcloud": executable file not found in $PATH (err: )\\n'


@pytest.mark.parametrize(
    ("name", "script", "more", "cause", "mended_by"),
    [
        ("gke-gcloud-auth-plugin", f"sys.exit({GCLOUD!r})", {}, "Reauthentication failed)", "`gcloud auth login`"),
        (
            "gke-gcloud-auth-plugin",
            f"sys.exit({NO_GCLOUD!r})",
            {},
            "not found in $PATH",
            "install the Google Cloud CLI",
        ),
        ("tool", "sys.exit(7)", {}, "exit code 7", f"--context {GKE} get pods"),
        ("tool", "print('\\x00\\x1b[2J' * 99)", {}, "did not print an ExecCredential", "get pods"),
        ("tool", "print('[' * 99999)", {}, "did not print an ExecCredential", "get pods"),
        ("tool", f'print(\'{{"apiVersion": "{V1BETA1}", "status": {{"token": "t"}}}}\')', {}, V1BETA1, FETCH),
        ("tool", "print()", {"apiVersion": V1ALPHA1}, f"by {V1ALPHA1}", FETCH),
        ("tool", 'print(\'{"status": {"token": ""}}\')', {}, "neither token nor certificate", "get pods"),
    ],
)
def test_a_plugin_that_gives_no_login(
    told, tmp_path: Path, name: str, script: str, more: dict[str, Any], cause: str, mended_by: str
) -> None:
    path = tmp_path / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{script}\n")
    path.chmod(0o755)
    found = told({"server": "https://203.0.113.1"}, {"exec": {"apiVersion": V1, "command": str(path), **more}})
    assert isinstance(found, NoAccessError)
    assert found.exit_code == 3
    assert cause in found.sentence
    assert mended_by in found.sentence
    assert "\x1b" not in found.sentence


def test_a_plugin_that_is_no_program(told, tmp_path: Path) -> None:
    path = tmp_path / "tool"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    found = told({"server": "https://203.0.113.1"}, {"exec": {"apiVersion": V1, "command": str(path)}})
    assert isinstance(found, LoginError)
    assert "cannot be run" in found.sentence


ASKING = "import sys; sys.stdout = open('/dev/tty', 'w'); print('Password: '); open('/dev/tty').readline()"


def test_a_plugin_gets_no_terminal() -> None:
    """Our own process has one; whatever runs there opens it, and a plugin cannot."""
    program = (
        "import sys; from probes import plugin\n"
        f"said = plugin.run([sys.executable, '-c', {ASKING!r}], {{}}, 20)\n"
        "open('/dev/tty', 'w').write(f'code {said.code}, late {said.late}\\n')"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - the test's child
    shown = b""
    with suppress(OSError):  # how a terminal ends on Linux
        while select.select([terminal], [], [], 60)[0] and (part := os.read(terminal, 4096)):
            shown += part
    os.close(terminal)
    os.waitpid(pid, 0)
    assert shown == b"code 1, late False\r\n"


def test_a_plugin_that_never_ends_takes_its_children_along(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"sleep 300 & echo $! > {note}; wait"
    said = plugin.run(["/bin/sh", "-c", script], dict(os.environ), 2.0)
    assert (said.code, said.late) == (None, True)
    child = int(note.read_text())
    gone = threading.Event()
    for _turn in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            gone.set()
            break
        gone.wait(0.05)
    if not gone.is_set():
        os.kill(child, signal.SIGKILL)
    assert gone.is_set()


def test_a_plugin_that_prints_without_end() -> None:
    said = plugin.run(["/bin/sh", "-c", "yes"], dict(os.environ), 60.0)
    assert (said.code, said.late) == (None, False)
    assert plugin.MOST < len(said.stdout) < 2 * plugin.MOST


def test_what_a_plugin_leaves_running_is_not_waited_for() -> None:
    with subprocess.Popen(["/bin/sleep", "300"]) as other:  # nothing of it may be ended
        said = plugin.run(["/bin/sh", "-c", "sleep 15 & echo done"], dict(os.environ), 60.0)
        assert (said.code, said.stdout, said.late) == (0, b"done\n", False)
        assert other.poll() is None
        other.kill()


def test_a_plugin_that_hangs_is_said_to_ask(told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "SECONDS", 0.2)
    found = told({"server": "https://203.0.113.1"}, {"exec": {"apiVersion": V1, "command": "sleep", "args": ["60"]}})
    assert "asking for input" in found.sentence
    assert f"--context {GKE} get pods` once by hand" in found.sentence
