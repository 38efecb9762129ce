"""ip and iptables-save: what the machine's own network looks like from inside."""

from __future__ import annotations

from ipaddress import IPv4Network

from lab import nat
from lab.shell.context import Context, Program
from lab.shell.host import Link

_OBJECTS = (("route", "r"), ("address", "a"), ("link", "l"))


async def ip(context: Context) -> int:
    """ip [-4] [-o] [-br] route [get ADDRESS] | addr [show [dev NAME]] | link."""
    words = context.args
    flags = set()
    while words and words[0].startswith("-"):
        flags.add(words.pop(0).lstrip("-"))
    if "6" in flags:
        return 0
    if not words:
        await context.err("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n")
        return 1 if context.kind.busybox else 255
    kind = next((name for name, _ in _OBJECTS if name.startswith(words[0])), "")
    rest = words[1:]
    if kind == "route":
        return await _route(context, rest)
    if kind in ("address", "link"):
        return await _links(context, rest, flags, addresses=kind == "address")
    await context.err(f'Object "{words[0]}" is unknown, try "ip help".\n')
    return 1


async def _route(context: Context, words: list[str]) -> int:
    machine = context.host.machine
    if words[:1] == ["get"]:
        address = context.host.resolve(words[1]) if len(words) > 1 and words[1][:1].isdigit() else None
        if address is None:
            given = words[1] if len(words) > 1 else ""
            await context.err(f'Error: any valid prefix is expected rather than "{given}".\n')
            return 1
        uid = "" if context.kind.busybox else " uid 0 "
        if address in (machine.address, *(link.address for link in machine.links)):
            await context.out(f"local {address} dev lo src {address}{uid}\n    cache <local> \n")
        elif any(address in network for network in machine.on_link):
            await context.out(f"{address} dev eth0 src {machine.address}{uid}\n    cache \n")
        elif machine.leaves_by and not any(address in each for each in machine.by_eth0):
            await context.out(f"{address} dev {machine.leaves_by}{uid}\n    cache \n")
        else:
            await context.out(f"{address} via {machine.gateway} dev eth0 src {machine.address}{uid}\n    cache \n")
        return 0
    if words[:1] in ([], ["show"], ["list"], ["ls"], ["s"], ["l"]):
        wanted = words[1] if len(words) == 2 else ""
        lines = [line for line in machine.routes if not wanted or line.split()[0] == wanted]
        await context.out("".join(f"{line}\n" for line in lines))
        return 0
    await context.err("RTNETLINK answers: Operation not permitted\n")
    return 2


async def _links(context: Context, words: list[str], flags: set[str], *, addresses: bool) -> int:
    if words[:1] in (["add"], ["del"], ["set"], ["flush"]):
        await context.err("RTNETLINK answers: Operation not permitted\n")
        return 2
    name = next((word for word in words if word not in ("show", "list", "ls", "s", "l", "dev")), "")
    found = [
        (number, link) for number, link in enumerate(context.host.machine.links, 1) if not name or link.name == name
    ]
    if name and not found:
        await context.err(
            f"ip: can't find device '{name}'\n" if context.kind.busybox else f'Device "{name}" does not exist.\n'
        )
        return 1
    for number, link in found:
        await context.out(_shown(number, link, flags, addresses=addresses))
    return 0


def _shown(number: int, link: Link, flags: set[str], *, addresses: bool) -> str:
    loop = link.name == "lo"
    network = IPv4Network((link.address, link.prefix), strict=False)
    cidr = f"{link.address}/{link.prefix}"
    scope = "host" if loop else "global"
    broadcast = "" if loop or link.prefix == 32 else f" brd {network.broadcast_address}"
    if flags & {"br", "brief"}:
        return f"{link.name:<16} {'UNKNOWN' if loop else 'UP':<14} {cidr if addresses else link.mac} \n"
    if flags & {"o", "oneline"} and addresses:
        lifetime = "valid_lft forever preferred_lft forever"
        return f"{number}: {link.name}    inet {cidr}{broadcast} scope {scope} {link.name}\\       {lifetime}\n"
    states = "LOOPBACK,UP,LOWER_UP" if loop else "BROADCAST,MULTICAST,UP,LOWER_UP"
    queue = f"qdisc noqueue state {'UNKNOWN' if loop else 'UP'} qlen 1000"
    lines = [f"{number}: {link.name}: <{states}> mtu {link.mtu} {queue}"]
    if "4" not in flags:
        kind = "loopback" if loop else "ether"
        lines.append(f"    link/{kind} {link.mac} brd {'00:00:00:00:00:00' if loop else 'ff:ff:ff:ff:ff:ff'}")
    if addresses:
        lines.append(f"    inet {cidr}{broadcast} scope {scope} {link.name}")
        lines.append("       valid_lft forever preferred_lft forever")
    return "\n".join(lines) + "\n"


async def iptables_save(context: Context) -> int:
    """iptables-save [-t TABLE]."""
    words = context.args
    table = ""
    for index, word in enumerate(words):
        if word in ("-t", "--table") and index + 1 < len(words):
            table = words[index + 1]
        elif word.startswith("--table="):
            table = word.partition("=")[2]
    if not context.host.machine.privileged:
        await context.err(
            "iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: "
            "Permission denied (you must be root)\n"
        )
        return 4
    if table not in ("", "nat", "filter", "mangle", "raw"):
        await context.err(f"iptables-save: table '{table}' does not exist\n")
        return 1
    text = context.host.nat_table() or nat.dump([], {})
    if table in ("", "nat"):
        await context.out(f"# Generated by iptables-save v1.8.9\n{text}# Completed\n")
    return 0


async def iptables(context: Context) -> int:
    """iptables: reading is what iptables-save is for; the lab lets nobody write rules by hand."""
    await context.err("iptables: in the lab, read rules with `iptables-save -t nat`; the agent writes them\n")
    return 4


PROGRAMS: dict[str, Program] = {"ip": ip, "iptables-save": iptables_save, "iptables": iptables}
