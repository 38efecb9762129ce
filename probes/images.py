"""Which image to measure with: the one that was asked for, else one that the node has already, else BusyBox."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

IMAGE = "WAYHOME_PROBE_IMAGE"
# Small, has wget, nc, ping and sleep, and is among the images that GKE's nodes can pull without a way to the internet.
DEFAULT = "busybox:1.36.1"
MOST = 3

_TOOLED = (
    "curl",
    "netshoot",
    "toolbox",
    "tools",
    "network-multitool",
    "busybox",
    "alpine",
    "debian",
    "ubuntu",
    "python",
)
_BARE = ("distroless", "scratch", "static", "pause")


def choices(
    pod: Mapping[str, Any], node_pods: Sequence[Mapping[str, Any]], node: Mapping[str, Any] | None, *, own: bool = True
) -> list[str]:
    """Images to try, best first.

    The tested pod's `own` comes first, as it is there and was chosen by whoever runs the cluster; then what runs on
    the node, then what lies there, where the name promises tools; DEFAULT last.
    """
    asked = os.environ.get(IMAGE)
    if asked:
        return [asked]
    found = [str(one.get("image")) for one in _containers(pod) if one.get("image")] if own else []
    found = [name for name in found if not any(word in _last(name) for word in _BARE)]
    running = [str(one.get("image")) for other in node_pods for one in _containers(other) if one.get("image")]
    lying = [
        str(name)
        for image in ((node or {}).get("status") or {}).get("images") or []
        for name in (image.get("names") or [])[-1:]
    ]
    tooled = [name for name in (*running, *lying) if _rank(name) < len(_TOOLED)]
    if not own:
        taken = {str(one.get("image")) for one in _containers(pod)}
        tooled = [name for name in tooled if name not in taken]
    here = list(dict.fromkeys([*found, *sorted(tooled, key=_rank)]))
    return list(dict.fromkeys([*here[: MOST - 1], DEFAULT]))


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in (pod.get("spec") or {}).get("containers") or [] if isinstance(one, Mapping)]


def _last(image: str) -> str:
    return image.rsplit("/", 1)[-1]


def _rank(image: str) -> int:
    return next((index for index, word in enumerate(_TOOLED) if word in _last(image)), len(_TOOLED))
