"""Which programs an image holds, and whose: BusyBox's or the usual ones of a Debian."""

from __future__ import annotations

from dataclasses import dataclass


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


BUSYBOX = _set(
    "sh ash [ test echo printf true false sleep env printenv id hostname cat head tail grep wc date uname which whoami "
    "pwd ls tr cut timeout wget nc ping ip nslookup seq tee"
)
COREUTILS = _set(
    "sh dash bash [ test echo printf true false sleep env printenv id hostname cat head tail grep wc date uname which "
    "whoami pwd ls tr cut timeout perl seq tee"
)
NETWORK = frozenset(
    {"curl", "wget", "nc", "ping", "ip", "python3", "perl", "bash", "nslookup", "dig", "iptables-save", "iptables"}
)


@dataclass(frozen=True)
class Kind:
    """A family of images. `busybox` says whose wget, nc and ping these are; `bash` that sh is dash or bash."""

    name: str
    programs: frozenset[str]
    busybox: bool = False
    dash: bool = False
    pretty: str = "Distroless"


_KINDS = {
    "distroless": Kind("distroless", frozenset()),
    "busybox": Kind("busybox", BUSYBOX, busybox=True, pretty="BusyBox v1.36.1"),
    "alpine": Kind("alpine", BUSYBOX, busybox=True, pretty="Alpine Linux v3.20"),
    "curl": Kind("curl", BUSYBOX | {"curl"}, busybox=True, pretty="Alpine Linux v3.20"),
    "debian": Kind("debian", COREUTILS, dash=True, pretty="Debian GNU/Linux 12 (bookworm)"),
    "nginx": Kind("nginx", COREUTILS | {"curl"}, dash=True, pretty="Debian GNU/Linux 12 (bookworm)"),
    "python": Kind(
        "python", COREUTILS | {"curl", "wget", "python3", "python"}, dash=True, pretty="Debian GNU/Linux 12 (bookworm)"
    ),
    "tools": Kind("tools", BUSYBOX | COREUTILS | NETWORK, pretty="Debian GNU/Linux 12 (bookworm)"),
    "agent": Kind(
        "agent", frozenset({"iptables-save", "iptables", "ip-masq-agent"}), pretty="Debian GNU/Linux 12 (bookworm)"
    ),
}

_NAMES = (
    ("ip-masq-agent", "agent"),
    ("distroless", "distroless"),
    ("pause", "distroless"),
    ("scratch", "distroless"),
    ("busybox", "busybox"),
    ("curl", "curl"),
    ("netshoot", "tools"),
    ("toolbox", "tools"),
    ("agnhost", "tools"),
    ("network-multitool", "tools"),
    ("alpine", "alpine"),
    ("nginx", "nginx"),
    ("python", "python"),
    ("debian", "debian"),
    ("ubuntu", "debian"),
)


def kind(image: str) -> Kind:
    """The family of `image` by its name. An image nobody knows has everything: the lab must not stand in the way."""
    path = image.split("@")[0]
    slash = path.rfind("/")
    colon = path.rfind(":")
    tag = path[colon + 1 :] if colon > slash else ""
    path = path[:colon] if colon > slash else path
    if "alpine" in tag and "/" not in path and path in ("python", "nginx"):
        return _KINDS["alpine"] if path == "nginx" else _KINDS["tools"]
    found = next((name for word, name in _NAMES if word in path), "tools")
    return _KINDS[found]
