"""Turns what a person types, on the command line or in a form, into the parts of an Ask."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

from rules import repeats
from rules.snapshot import PodRef, Target
from rules.words import _

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SPECIAL = (
    ("0.0.0.0", lambda ip: ip.is_unspecified),
    ("127.0.0.0/8", lambda ip: ip.is_loopback),
    ("169.254.0.0/16", lambda ip: ip.is_link_local),
    ("224.0.0.0/4", lambda ip: ip.is_multicast),
    ("255.255.255.255", lambda ip: int(ip) == 0xFFFFFFFF),
)


class ParseError(ValueError):
    """What was typed cannot be used; `sentence` says why and what to type instead."""

    exit_code = 2

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def pod(text: str, namespace: str = "default") -> PodRef:
    """Read `[NAMESPACE/]NAME`; `pod/NAME`, as kubectl prints it, means the name. Raises ParseError."""
    parts = text.strip().split("/")
    if parts[0] in ("pod", "pods") and len(parts) == 2:
        parts = parts[1:]
    if len(parts) > 2 or not all(parts):
        raise ParseError(_("{text!r} is not a pod; write NAME or NAMESPACE/NAME.").format(text=text))
    name = parts[-1]
    space = parts[0] if len(parts) == 2 else namespace
    if not _SUBDOMAIN.fullmatch(name):
        raise ParseError(
            _("{text!r} cannot be a pod's name; names have small letters, digits, '-' and '.'.").format(text=name)
        )
    if not _LABEL.fullmatch(space):
        raise ParseError(
            _("{text!r} cannot be a namespace; names have small letters, digits and '-'.").format(text=space)
        )
    return PodRef(space, name)


def target(text: str) -> Target:
    """Read `IP[:PORT]`, `http://IP[:PORT]/PATH` or `https://…`. Raises ParseError.

    The port is 80 (https: 443) where none is named. Of an https target the connection alone is asked for: its `path`
    is None.
    """
    text = text.strip()
    if "://" in text:
        return _url(text)
    bracketed = re.fullmatch(r"\[(.*)\](?:(:)(.*))?", text)
    if bracketed is not None:
        host, colon, port = bracketed[1], bracketed[2], bracketed[3]
    else:
        host, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    if "/" in host or "/" in (port or ""):
        raise ParseError(_("{text!r} is not one address; write IP, IP:PORT or http://IP:PORT/PATH.").format(text=text))
    return Target(address(host), _port(port, text) if colon else 80)


def address(text: str) -> str:
    """Read one unicast IPv4 address. Raises ParseError."""
    text = text.strip()
    try:
        found = IPv4Address(text)
    except AddressValueError:
        raise ParseError(_why_not_an_address(text)) from None
    for block, belongs in _SPECIAL:
        if belongs(found):
            raise ParseError(
                _("{ip} belongs to {block}, which no route leads to; name the target's own address.").format(
                    ip=text, block=block
                )
            )
    return str(found)


def host(text: str) -> str:
    """Read a host's name, as an application has it in its configuration. Raises ParseError."""
    text = text.strip()
    if not repeats.is_host(text):
        raise ParseError(
            _("{text!r} is not a host's name; give the name alone, such as db.example.internal.").format(text=text)
        )
    return text


def _why_not_an_address(text: str) -> str:
    try:
        IPv6Address(text.strip("[]"))
    except ValueError:
        pass
    else:
        return _("{text} is an IPv6 address; wayhome follows IPv4, so name the target's IPv4 address.").format(
            text=text
        )
    if re.fullmatch(r"[0-9.]+", text) or not text:
        return _("{text!r} is not an IPv4 address; write four numbers from 0 to 255, such as 10.2.0.10.").format(
            text=text
        )
    return _("{text!r} is a name, not an address; look it up first and give the IPv4 address it has.").format(text=text)


def _url(text: str) -> Target:
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        raise ParseError(_("{text!r} is not a URL; write http://IP:PORT/PATH.").format(text=text)) from None
    if scheme not in ("http", "https"):
        raise ParseError(_("{scheme}:// is not known; write IP:PORT or http://IP:PORT/PATH.").format(scheme=scheme))
    if parts.username is not None or parts.password is not None:
        raise ParseError(_("A login in the URL would end up in records; leave it out."))
    if any(not character.isprintable() or character.isspace() for character in text):
        raise ParseError(_("The URL has spaces or control characters; write them as %20 and the like."))
    if port == 0:
        raise ParseError(_no_port("0"))
    found = address(host)
    if scheme == "https":
        return Target(found, port or 443)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(found, port or 80, path=path)


def _port(text: str, whole: str) -> int:
    if not text:
        raise ParseError(_("{text!r} ends in ':'; write a port behind it or leave it out.").format(text=whole))
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise ParseError(_no_port(text))
    return int(text)


def _no_port(text: str) -> str:
    return _("{text!r} is not a port; ports are numbers from 1 to 65535.").format(text=text)
