"""Kubernetes over a wire that does what wires and servers do: every fault becomes one word, in time."""

from __future__ import annotations

import asyncio
import base64
import errno
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from probes import kube
from probes.errors import CallError, ContextError, ForbiddenError, LoginError, UnreachableError
from probes.kube import Kube
from probes.kubeconfig import Access, find
from probes.refusal import refusal

PATH = "/api/v1/nodes"


@pytest.fixture
def client(cluster) -> Iterator[Kube]:
    made = Kube(find(None, None))
    yield made
    made.close()


def answer(status: int = 200, body: str = "{}", **headers: str) -> Callable[[web.Request], Any]:
    async def handler(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, headers=named)

    return handler


async def reset(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"items": [')
    assert request.transport is not None
    request.transport.close()
    return response


FAULTS = {
    "401": (answer(401, '{"message": "Unauthorized"}'), "login", "Unauthorized"),
    "403": (answer(403, '{"message": "nodes is forbidden"}'), "forbidden", "nodes is forbidden"),
    "404": (answer(404, '{"message": "no"}'), "not-found", "no"),
    "409": (answer(409, "{}"), "error", "HTTP 409"),
    "429": (answer(429, "{}"), "error", ""),
    "429 much later": (answer(429, "{}", Retry_After="30"), "error", ""),
    "500": (answer(500, "[]"), "error", "[]"),
    "503": (answer(503, "<html>"), "error", "HTTP 503"),
    "504": (answer(504, ""), "timeout", "HTTP 504"),
    "redirect": (answer(302, "", Location="https://login.example/"), "error", "login.example"),
    "empty": (answer(200, ""), "error", "is empty"),
    "html": (answer(200, "<html>login</html>"), "error", "web page"),
    "a list": (answer(200, "[1]"), "error", "no object"),
    "json cut off": (answer(200, '{"items": ['), "error", "not complete"),
    "odd items": (answer(200, '{"items": {"a": 1}}'), "error", "in items"),
    "reset": (reset, "unreachable", ""),
    "body cut off": (cut_off, "unreachable", ""),
    "hang": (hang, "timeout", ""),
    "drip": (drip, "timeout", ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_word_and_in_time(name: str, cluster, client: Kube) -> None:
    handler, why, words = FAULTS[name]
    cluster.faults[f"GET {PATH}"] = handler
    started = time.monotonic()
    with pytest.raises(CallError) as caught:
        client.list(PATH, seconds=0.5)
    assert (caught.value.why, words in caught.value.detail) == (why, True), caught.value.detail
    assert time.monotonic() - started < 5


def test_a_server_that_asks_to_come_back_is_asked_again(cluster, client: Kube) -> None:
    answers = [answer(429, "{}", Retry_After="0"), answer(200, '{"items": [{"metadata": {"name": "a"}}]}')]

    async def handler(request: web.Request) -> web.Response:
        return await answers.pop(0)(request)

    cluster.faults[f"GET {PATH}"] = handler
    assert client.list(PATH)["items"] == [{"metadata": {"name": "a"}}]


def test_lists_are_read_page_by_page(cluster, client: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube, "PAGE", 1)
    found = client.list(PATH)
    assert [item["metadata"]["name"] for item in found["items"]] == ["gke-node-01", "gke-node-02"]
    assert cluster.requests[-1] == f"GET {PATH}?limit=1&continue=1"


def test_a_list_whose_pages_have_expired_is_read_whole(cluster, client: Kube) -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        if "continue" in request.query:
            return web.json_response({"message": "expired"}, status=410)
        rest = {"continue": "x"} if "limit" in request.query else {}
        return web.json_response({"metadata": rest, "items": [{"metadata": {"name": f"n{len(asked)}"}}]})

    cluster.faults[f"GET {PATH}"] = handler
    assert client.list(PATH)["items"] == [{"metadata": {"name": "n3"}}]


def test_pages_without_end_are_an_error(cluster, client: Kube) -> None:
    cluster.faults[f"GET {PATH}"] = answer(200, '{"metadata": {"continue": "more"}, "items": []}')
    with pytest.raises(CallError, match="the same next page"):
        client.list(PATH)


def test_an_answer_too_large_is_an_error(cluster, client: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube, "MAX_BYTES", 1000)
    cluster.faults[f"GET {PATH}"] = answer(200, "x" * 2000)
    with pytest.raises(CallError, match="larger than"):
        client.get(PATH)


def test_an_expired_plugin_token_is_renewed_once(cluster, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("bad")
    script = tmp_path / "plugin"
    script.write_text(f'#!/bin/sh\necho "{{\\"status\\": {{\\"token\\": \\"$(cat {tmp_path}/token)\\"}}}}"\n')
    script.chmod(0o755)
    user = {"exec": {"command": str(script), "apiVersion": "client.authentication.k8s.io/v1"}}
    client = Kube(Access("it", cluster.url, "default", {"server": cluster.url}, user))
    with pytest.raises(CallError):
        client.get(PATH)
    (tmp_path / "token").write_text("good")
    assert client.get(PATH)["items"]
    client.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def failure(access: Access, seconds: float = 2.0) -> CallError:
    client = Kube(access)
    with pytest.raises(CallError) as caught:
        client.get(PATH, seconds=seconds)
    client.close()
    return caught.value


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), FileNotFoundError(2, "No usable temporary directory")]
)
def test_a_full_disk_is_not_blamed_on_the_kubeconfig(
    cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def full(*_args: Any, **_more: Any) -> None:
        raise error

    found = find(None, None)
    data = base64.b64encode(str(tmp_path).encode()).decode()  # not the same twice: the client remembers its files
    access = replace(found, cluster={"server": "https://127.0.0.1:1", "certificate-authority-data": data})
    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(ContextError, match="name another folder in TMPDIR"):
        Kube(access)


def test_nothing_listens() -> None:
    access = Access("it", f"http://127.0.0.1:{free_port()}", "default", {"server": "http://127.0.0.1"}, {})
    error = failure(access)
    assert (error.why, error.kind) == ("unreachable", "refused")
    told = refusal(error, access, "read", "get pods")
    assert isinstance(told, UnreachableError)
    assert "wayhome lab start" in told.sentence
    far = Access("prod", "https://10.0.0.2", "default", {}, {})
    assert "prod" in refusal(error, far, "read", "get pods").sentence


def test_a_name_that_does_not_resolve() -> None:
    access = Access("it", "http://does-not-exist.invalid", "default", {"server": "http://does-not-exist.invalid"}, {})
    error = failure(access, 5.0)
    assert error.kind == "dns"
    assert "does-not-exist.invalid" in refusal(error, access, "read", "get pods").sentence


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An HTTPS server with a certificate of its own making; its URL and the certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = tmp_path / "server.crt", tmp_path / "server.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        while True:
            try:
                plain_socket, _ = listener.accept()
                with context.wrap_socket(plain_socket, server_side=True) as wrapped:
                    wrapped.recv(65536)
                    wrapped.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{"items":[]}')
            except ssl.SSLError:
                continue
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"https://localhost:{listener.getsockname()[1]}", certificate
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_tls_is_checked(tls: tuple[str, Path]) -> None:
    url, certificate = tls
    trusting = Access("it", url, "default", {"server": url, "certificate-authority": str(certificate)}, {})
    client = Kube(trusting)
    assert client.get(PATH) == {"items": []}
    client.close()
    access = Access("it", url, "default", {"server": url}, {})
    error = failure(access)
    assert (error.why, error.kind) == ("unreachable", "tls-authority")
    assert "not trusted" in refusal(error, access, "read", "get pods").sentence


@pytest.mark.parametrize(
    ("error", "context", "kind", "words"),
    [
        (CallError("login", "Unauthorized", status=401), "gke_p_z_c", LoginError, "gcloud auth login"),
        (CallError("login", "Unauthorized", status=401), "other", LoginError, "kubectl --context other get pods"),
        (CallError("forbidden", "no way", status=403), "it", ForbiddenError, "get pods"),
        (CallError("timeout", "no answer", kind="timeout"), "it", UnreachableError, "private control plane"),
        (CallError("error", "<html>", status=200), "it", UnreachableError, "as a Kubernetes API"),
    ],
)
def test_a_refusal_says_what_to_do(error: CallError, context: str, kind: type, words: str) -> None:
    found = refusal(error, Access(context, "https://10.0.0.2", "default", {}, {}), "read the pod a/b", "get pods")
    assert type(found) is kind
    assert found.exit_code == 3
    assert words in found.sentence
