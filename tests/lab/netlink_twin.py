"""Carry out the lines of standard input in this namespace, by netlink (`own`) or through `ip`, and print what came."""

from __future__ import annotations

import subprocess
import sys

from lab.fabric.kernel.netlink import shape

SHOW = (("route", "show", "table", "all"), ("rule", "show"), ("addr", "show"), ("neigh", "show"))


def main() -> None:
    way, batch = sys.argv[1], sys.stdin.read()
    for wire in ("left type veth peer name far", "right type veth peer name away"):
        subprocess.run(["ip", "link", "add", *wire.split()], check=True)
    for device in ("lo", "left", "far", "right", "away"):
        subprocess.run(["ip", "link", "set", device, "up"], check=True)
    if way == "own":
        shape(batch.splitlines())
    else:
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
    for words in SHOW:
        print(subprocess.run(["ip", "-4", *words], capture_output=True, text=True, check=True).stdout)  # noqa: T201


if __name__ == "__main__":
    main()
