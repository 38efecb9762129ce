"""Why a connection could not be made or did not last: one word for programs, one sentence for people."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from probes.errors import CallError
from rules.words import _

# What the libraries below say, in OpenSSL's words, the system's and urllib3's; the first kind that fits is taken.
_KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("reset", "unreachable", ("eof occurred", "unexpected eof")),
    ("tls-plain", "unreachable", ("wrong version number", "record layer failure", "unknown protocol", "http request")),
    ("tls-expired", "unreachable", ("certificate has expired",)),
    ("tls-early", "unreachable", ("certificate is not yet valid",)),
    ("tls-name", "unreachable", ("hostname mismatch", "ip address mismatch", "doesn't match")),
    (
        "tls-authority",
        "unreachable",
        ("self-signed", "self signed", "unable to get local issuer", "unable to get issuer"),
    ),
    ("tls-client", "unreachable", ("alert bad cert", "alert cert", "alert unknown ca", "certificate required")),
    (
        "tls-file",
        "unreachable",
        ("certificate or crl found", "pem lib", "pem routines", "key values mismatch", "[x509"),
    ),
    ("tls", "unreachable", ("sslerror", "certificate", "sslv3", "ssl:", "sslcertverification")),
    ("refused", "unreachable", ("connection refused", "connectionrefused")),
    ("dns", "unreachable", ("name or service not known", "nodename nor servname", "getaddrinfo", "nameresolution")),
    ("timeout", "timeout", ("timed out", "timeout")),
    ("unreachable", "unreachable", ("no route to host", "network is unreachable")),
)
_PROXIED = ("ProxyError", "WebSocketProxyException", "ProxyConnectionError")


def error_of(error: BaseException) -> CallError:
    """The failure of a connection as a CallError."""
    text = _innermost(error)
    if any(type(one).__name__ in _PROXIED for one in _chain(error)):
        kind = _kind(error, text)[0]
        said = text if kind == "reset" else _said(kind, text)
        return CallError("unreachable", _("the proxy does not let it through ({said})").format(said=said), kind="proxy")
    kind, why = _kind(error, text)
    return CallError(why, _said(kind, text), kind=kind)


def proxy(server: str, own: str = "") -> str:
    """The proxy on the way to `server`, without its login: `own`, as the kubeconfig names it, or the environment's."""
    scheme = urlsplit(server).scheme
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    found = own or next((os.environ[name] for name in names if os.environ.get(name)), "")
    return found.rpartition("@")[2] if "@" in found else found.partition("://")[2] or found


def _kind(error: BaseException, text: str) -> tuple[str, str]:
    lowered = f"{error!r} {text}".lower()
    tls = "ssl" in lowered or "certificate" in lowered or "pem " in lowered
    for kind, why, marks in _KINDS:
        if (tls or not kind.startswith("tls")) and any(mark in lowered for mark in marks):
            return kind, why
    return "reset", "unreachable"


def _said(kind: str, text: str) -> str:
    """What happened, without the numbers and the words of the system; what says more than that is kept."""
    match kind:
        case "refused":
            return _("nothing listens there: the connection was refused")
        case "timeout":
            return _("no answer in time")
        case "reset":
            return _("the connection ended before the answer did")
        case "tls-plain":
            return _("it does not speak TLS")
        case "tls-expired":
            return _("its certificate has expired")
        case "tls-early":
            return _("its certificate is not valid yet")
        case "tls-name":
            return _("its certificate is for another name")
        case "tls-authority":
            return _("its certificate comes from an authority that is not known here")
        case "tls-client":
            return _("it does not accept our certificate")
        case "tls-file":
            return _("the certificates to check it with cannot be read")
    return re.sub(r"^\[Errno -?\d+\] ", "", text)


def _chain(error: BaseException) -> list[BaseException]:
    """The error and all that is behind it."""
    found, rest = [], [error]
    while rest:
        one = rest.pop()
        if one in found:
            continue
        found.append(one)
        inner = (getattr(one, "reason", None), one.__cause__, one.__context__, *one.args)
        rest += [each for each in inner if isinstance(each, BaseException)]
    return found


def _innermost(error: BaseException) -> str:
    for inner in (getattr(error, "reason", None), error.__cause__, error.__context__):
        if isinstance(inner, BaseException) and inner is not error:
            return _innermost(inner)
    return str(error) or type(error).__name__
