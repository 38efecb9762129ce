"""The nat rules that the agent writes, on top of what the node's kernel has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab import nat
from lab.agent.config import Config, is_v6

LINK_LOCAL = "169.254.0.0/16"

_RETURN = "ip-masq-agent: local traffic is not subject to MASQUERADE"
_LAST = "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)"
_JUMP = "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom {chain} chain"


@dataclass(frozen=True)
class Flags:
    """The command line, as Go's flag package reads it."""

    chain: str = "IP-MASQ-AGENT"
    all_reserved: bool = False
    ipv6: bool = False
    random_fully: bool = True
    to_ports: str = ""
    has_limit: bool = True


def flags(args: Sequence[str], image: str) -> Flags:
    """The flags in a container's command and arguments; the version comes from the image's tag."""
    given: dict[str, str] = {}
    words = list(args)
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals and name in ("masq-chain", "to-ports") and words:
            value = words.pop(0)
        given[name] = value if equals or value else "true"
    version = _version(image)
    return Flags(
        chain=given.get("masq-chain", "IP-MASQ-AGENT"),
        all_reserved=_true(given.get("nomasq-all-reserved-ranges", "false")),
        ipv6=_true(given.get("enable-ipv6", "false")),
        random_fully=version >= (2, 10) and _true(given.get("random-fully", "true")),
        to_ports=given.get("to-ports", "") if version >= (2, 12) else "",
        has_limit=version >= (2, 9),
    )


def _true(word: str) -> bool:
    return word in ("1", "t", "T", "TRUE", "true", "True")


def _version(image: str) -> tuple[int, int]:
    found = re.search(r":v?([0-9]+)\.([0-9]+)", image)
    return (int(found.group(1)), int(found.group(2))) if found else (2, 12)


def write(text: str, config: Config, flags: Flags) -> str:
    """The nat table `text` after the agent has written its chain for `config`."""
    postrouting, chains = nat.split(text)
    if jump(flags) not in postrouting:
        postrouting.append(jump(flags))
    return nat.dump(postrouting, {**chains, flags.chain: list(rules(config, flags))})


def jump(flags: Flags) -> str:
    """The rule that leads into the agent's chain; the agent appends it where it is not there."""
    return (
        f'-A POSTROUTING -m comment --comment "{_JUMP.format(chain=flags.chain)}" '
        f"-m addrtype ! --dst-type LOCAL -j {flags.chain}"
    )


def rules(config: Config, flags: Flags) -> Iterable[str]:
    """The rules of the agent's chain, in order."""
    local = [] if config.link_local else [LINK_LOCAL]
    for cidr in (*local, *(cidr for cidr in config.ranges if not is_v6(cidr))):
        address, _, size = cidr.partition("/")
        dest = "" if int(size) == 0 else f" -d {address}/{int(size)}"
        yield f'-A {flags.chain}{dest} -m comment --comment "{_RETURN}" -j RETURN'
    random = " --random-fully" if flags.random_fully else ""
    last = f'-m comment --comment "{_LAST}" -j MASQUERADE'
    if flags.to_ports:
        for protocol in ("tcp", "udp", "sctp"):
            yield f"-A {flags.chain} -p {protocol} {last} --to-ports {flags.to_ports}{random}"
    yield f"-A {flags.chain} {last}{random}"
