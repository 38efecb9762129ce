"""Runs an argument list in a container over WebSocket and brings back exit code, stdout and stderr as data.

Speaks v4.channel.k8s.io, which every server since 1.7 has: the first byte of a frame names the stream (1 stdout,
2 stderr, 3 a Status that holds the exit code). Nothing is interpreted: no shell, no terminal.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from probes import kube, network, patience, warmup
from probes.errors import CallError, from_status
from probes.kube import Kube
from rules.snapshot import PodRef

MAX_OUTPUT = 1 << 20
CONNECT_SECONDS = 10.0
_STDOUT, _STDERR, _ERROR = 1, 2, 3
_MISSING = ("executable file not found", "no such file or directory", "not found in $path", "stat /")


@dataclass(frozen=True)
class Done:
    """How a command ended.

    `exit_code` is None when it did not end by itself: `cut` says why (`deadline`, `output`, `dropped`, or what the
    server said instead of an exit code). `missing`: the container has no such program.
    """

    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    cut: str = ""
    missing: bool = False


def run(client: Kube, pod: PodRef, container: str, argv: Sequence[str], seconds: float) -> Done:
    """Run `argv` in `container` of `pod` for at most `seconds` after it was started. Raises CallError."""
    started, seconds = time.monotonic(), patience.times(seconds)
    socket = _connect(client, pod, container, argv)
    until = time.monotonic() + seconds
    output: dict[int, bytearray] = {_STDOUT: bytearray(), _STDERR: bytearray(), _ERROR: bytearray()}
    try:
        cut = _receive(socket, output, until)
    finally:
        _close(socket)
    took = time.monotonic() - started
    stdout, stderr = _text(output[_STDOUT]), _text(output[_STDERR])
    if cut:
        return Done(None, stdout, stderr, took, cut)
    return _ended(bytes(output[_ERROR]), stdout, stderr, took)


def _connect(client: Kube, pod: PodRef, container: str, argv: Sequence[str]) -> Any:
    websocket = warmup.kubernetes().websocket
    configuration = client.configuration
    query = [("command", word) for word in argv]
    query += [("container", container), ("stdout", "true"), ("stderr", "true")]
    path = kube.path("v1", "pods", pod.namespace, pod.name) + "/exec"
    url = client.access.server.replace("http", "ws", 1) + path + "?" + urlencode(query)
    socket = websocket.WebSocket(sslopt=_tls(configuration), skip_utf8_validation=True)
    socket.settimeout(patience.times(CONNECT_SECONDS))
    options: dict[str, Any] = {}
    if configuration.proxy:
        proxy = urlsplit(configuration.proxy)
        options = {"http_proxy_host": proxy.hostname, "http_proxy_port": proxy.port, "proxy_type": "http"}
    else:
        options = {"http_no_proxy": ["*"]}
    headers = [f"{name}: {value}" for name, value in client.headers().items()]
    try:
        socket.connect(
            url,
            header=headers,
            subprotocols=["v4.channel.k8s.io"],
            suppress_origin=True,
            redirect_limit=0,  # the login is for this server alone
            **options,
        )
    except websocket.WebSocketBadStatusException as error:
        body = error.resp_body or b""
        if error.status_code < 300:
            raise CallError("error", kube.no_object(body), status=error.status_code) from error
        raise from_status(error.status_code, _message(body), None) from error
    except (websocket.WebSocketException, OSError) as error:
        _refuse_redirects(socket)
        raise network.error_of(error) from error
    _refuse_redirects(socket)
    return socket


def _refuse_redirects(socket: Any) -> None:
    answer = socket.handshake_response
    if answer is not None and answer.status != 101:
        _close(socket)
        raise kube.redirected(answer.status, answer.headers.get("location"))


def _tls(configuration: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED if configuration.verify_ssl else ssl.CERT_NONE}
    if not configuration.verify_ssl:
        options["check_hostname"] = False
    if configuration.ssl_ca_cert:
        options["ca_certs"] = configuration.ssl_ca_cert
    if configuration.cert_file:
        options["certfile"] = configuration.cert_file
    if configuration.key_file:
        options["keyfile"] = configuration.key_file
    if configuration.tls_server_name:
        options["server_hostname"] = configuration.tls_server_name
    return options


def _receive(socket: Any, output: dict[int, bytearray], until: float) -> str:
    websocket = warmup.kubernetes().websocket
    size = 0
    while True:
        remaining = until - time.monotonic()
        if remaining <= 0:
            return "deadline"
        socket.settimeout(remaining)
        try:
            opcode, data = socket.recv_data(control_frame=False)
        except websocket.WebSocketTimeoutException:
            return "deadline"
        except (websocket.WebSocketException, OSError):
            return "" if output[_ERROR] else "dropped"
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return "" if output[_ERROR] else "dropped"
        data = data.encode() if isinstance(data, str) else data
        if not data or data[0] not in output:
            continue
        size += len(data) - 1
        room = MAX_OUTPUT - len(output[data[0]])
        output[data[0]] += data[1 : 1 + room]
        if size > 4 * MAX_OUTPUT:
            return "output"


def _ended(error: bytes, stdout: str, stderr: str, took: float) -> Done:
    try:
        status = json.loads(error)
        success = status["status"] == "Success"
    except (ValueError, KeyError, TypeError):
        return Done(None, stdout, stderr, took, "dropped")
    if success:
        return Done(0, stdout, stderr, took)
    message = str(status.get("message") or "")
    details = status.get("details")
    for cause in (details.get("causes") if isinstance(details, dict) else None) or []:
        if isinstance(cause, dict) and cause.get("reason") == "ExitCode" and str(cause.get("message")).isdecimal():
            code = int(cause["message"])
            absent = code in (126, 127) and any(mark in (stdout + stderr + message).lower() for mark in _MISSING)
            return Done(code, stdout, stderr, took, missing=absent or code == 127)
    return Done(None, stdout, stderr, took, message, any(mark in message.lower() for mark in _MISSING))


def _close(socket: Any) -> None:
    try:
        socket.shutdown()
    except OSError:
        return


def _text(data: bytearray) -> str:
    return data.decode("utf-8", "replace")


def _message(body: bytes) -> str:
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return body[:300].decode("utf-8", "replace")
    return str(message)
