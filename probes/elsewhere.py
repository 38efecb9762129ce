"""Pods on other nodes and in other namespaces, from which pod → peer is asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from probes import nodepod, standin
from probes.kube import Kube
from probes.nodepod import LIFETIME, Post
from probes.place import Place
from rules.repeats import Repeat
from rules.snapshot import PodRef
from rules.words import _

Object = dict[str, Any]


@dataclass(frozen=True)
class Elsewhere:
    """How such a pod may be made: announced first, with `post`, waiting with `pause`."""

    client: Kube
    pod: Object
    announce: Callable[[str], None]
    pause: Callable[[float], None]
    post: Post

    def place(self, repeat: Repeat, choices: Sequence[str]) -> Place:
        """A pod for a repeat of kind node or namespace. Raises ProbePodError with the reason when there is none."""
        meta, spec = self.pod["metadata"], self.pod.get("spec") or {}
        own = str(meta.get("namespace") or "default")
        same = repeat.kind == "node"
        namespace, node = (own, repeat.value) if same else (repeat.value, str(spec.get("nodeName") or ""))
        labels = standin.labels(self.pod, standin.policies(self.client, own)) if same else {}
        if same:
            standin.unpublished(self.client, PodRef(own, str(meta["name"])), labels)

        def manifests(ref: PodRef, image: str) -> tuple[Object]:
            there = {**self.pod, "spec": {**spec, "nodeName": node, "hostNetwork": False}}
            made = standin.manifest(ref, there, labels, image, root=False)
            if not same:
                del made["metadata"]["ownerReferences"]
                made["spec"].pop("imagePullSecrets", None)
            return (made,)

        def announce(ref: PodRef, image: str) -> None:
            self.announce(
                _(
                    "Creating the pod {pod} (image {image}) on {node} to ask the same from there; it is deleted when "
                    "the run ends, at the latest after {minutes} minutes."
                ).format(pod=ref, image=image, node=node, minutes=LIFETIME // 60)
            )

        made = nodepod.create(self.client, namespace, choices, manifests, announce, self.pause, self.post)
        return Place(made.ref, ({"name": nodepod.CONTAINER, "image": made.image},))
