"""URLs, ids and marks of Compute objects, as Google writes them, and made from names alone: the same world is built
twice the same."""

from __future__ import annotations

import base64
import hashlib
import re
from ipaddress import IPv4Network
from typing import Any

ROOT = "https://www.googleapis.com/compute/v1/"
CONTAINER_ROOT = "https://container.googleapis.com/v1/"
CREATED = "2026-01-12T01:00:00.000-08:00"


def link(path: str) -> str:
    """The full URL of `path` (`projects/P/global/networks/N`); a URL or an empty string stays as it is."""
    return path if not path or "://" in path else ROOT + path.lstrip("/")


def project_link(project: str, path: str) -> str:
    """The full URL of `path` below a project (`global/networks/N`)."""
    return f"{ROOT}projects/{project}/{path}"


def scoped(project: str, scope: str, collection: str, name: str) -> str:
    """The URL of what is given by NAME, by path with or without the project, or by URL.

    `scope` is `global`, `regions/R` or `zones/Z`.
    """
    if "projects/" in name:
        return link(relative(name))
    if "/" in name:
        return project_link(project, name.lstrip("/"))
    return project_link(project, f"{scope}/{collection}/{name}")


def network_link(project: str, name: str) -> str:
    """The URL of a network given by name, path or URL."""
    return scoped(project, "global", "networks", name)


def relative(url: str) -> str:
    """`projects/…` of a full URL of any host, or of a path with or without a leading slash."""
    found = re.search(r"(?:^|/)(projects/.*)$", url)
    return found.group(1) if found else url.lstrip("/")


def last(url: str) -> str:
    """The short name at the end of a URL."""
    return url.rsplit("/", 1)[-1]


def part(url: str, collection: str) -> str:
    """The word behind `collection` in a URL (`projects`, `zones`, `regions`, `networks`), or an empty string."""
    found = re.search(rf"(?:^|/){collection}/([^/]+)", url)
    return found.group(1) if found else ""


def number(text: str) -> str:
    """A 19-digit id, as a string, that depends on `text` alone."""
    value = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return str(10**18 + value % (8 * 10**18))


def hexes(text: str, length: int = 16) -> str:
    """`length` hex digits that depend on `text` alone."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def fingerprint(text: str) -> str:
    """An opaque mark (8 bytes, base64) that depends on `text` alone."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def head(kind: str, self_link: str, name: str, created: str, description: str) -> dict[str, Any]:
    """What every Compute object begins with."""
    return {
        "kind": f"compute#{kind}",
        "id": number(self_link),
        "creationTimestamp": created,
        "name": name,
        "description": description,
        "selfLink": self_link,
    }


def first(cidr: str) -> str:
    """The first usable address of a range, a subnet's gateway."""
    return str(IPv4Network(cidr, strict=False)[1])
