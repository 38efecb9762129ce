"""A node's nat table as text: what iptables-save prints, and what GKE's boot script leaves there.

Only the chains that decide about masquerading are kept; kube-proxy's are not modelled.
"""

from __future__ import annotations

from collections.abc import Sequence

CHAINS = ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")

BOOT_RANGES = (
    "169.254.0.0/16",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "240.0.0.0/4",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "100.64.0.0/10",
    "198.18.0.0/15",
    "192.0.0.0/24",
    "192.88.99.0/24",
)
"""What GKE's node boot script keeps from being masqueraded, in its order (cloud-provider-gcp configure-helper.sh)."""

_BOOT_RETURN = "ip-masq: local traffic is not subject to MASQUERADE"
_BOOT_LAST = "ip-masq: outbound traffic is subject to MASQUERADE (must be last in chain)"
_BOOT_JUMP = "ip-masq: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ chain"


def boot_rules(ranges: Sequence[str] | None = None) -> str:
    """The nat table of a node that has just booted; `ranges` None: GKE's defaults, empty: default SNAT is disabled."""
    if ranges is None:
        ranges = BOOT_RANGES
    if not ranges:
        return dump([], {})
    chain = [f'-A IP-MASQ -d {found} -m comment --comment "{_BOOT_RETURN}" -j RETURN' for found in ranges]
    chain.append(f'-A IP-MASQ -m comment --comment "{_BOOT_LAST}" -j MASQUERADE')
    jump = f'-A POSTROUTING -m comment --comment "{_BOOT_JUMP}" -m addrtype ! --dst-type LOCAL -j IP-MASQ'
    return dump([jump], {"IP-MASQ": chain})


def dump(postrouting: Sequence[str], chains: dict[str, Sequence[str]]) -> str:
    """The table as iptables-save prints it: built-in chains, `chains`, then every rule."""
    lines = ["*nat", *(f":{name} ACCEPT [0:0]" for name in CHAINS), *(f":{name} - [0:0]" for name in chains)]
    lines.extend(postrouting)
    for rules in chains.values():
        lines.extend(rules)
    return "\n".join([*lines, "COMMIT"]) + "\n"


def split(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """The reverse of `dump`: POSTROUTING's rules, and the rules of each chain of one's own."""
    postrouting: list[str] = []
    chains: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith(":"):
            name = line[1:].split()[0]
            if name not in CHAINS:
                chains.setdefault(name, [])
        elif line.startswith("-A "):
            name = line.split()[1]
            (postrouting if name == "POSTROUTING" else chains.setdefault(name, [])).append(line)
    return postrouting, chains
