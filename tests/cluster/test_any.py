"""What needs no clouds of ours, and so holds on kind and on GKE too: pods of every kind, exec, nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

TARGET = "http://10.2.0.10/health"


@pytest.mark.parametrize(("kind", "tools"), [("tools", ("curl",)), ("busybox", ("wget", "nc")), ("distroless", ())])
def test_a_pod_of_each_kind_is_measured_and_nothing_is_left(
    any_cluster: Any, wayhome: Callable[..., Any], manifest: Callable[..., Any], kind: str, tools: tuple[str, ...]
) -> None:
    if kind not in any_cluster.images:
        pytest.skip(f"no image without a shell is known that this cluster can pull; name one with --image {kind}=IMAGE")
    name, space = f"any-{kind}", any_cluster.space
    for needed in {"tools", kind}:  # where a pod has no tools, an image that has some lies on its node
        item = manifest(f"any-{needed}", needed, any_cluster.images)
        made = any_cluster.kubectl("apply", "-n", space, "-f", "-", text=json.dumps(item))
        assert made.code == 0, made.err
    waited = any_cluster.kubectl("wait", "-n", space, "--for=condition=Ready", f"pod/{name}", "pod/any-tools")
    if waited.code != 0:
        images = " and ".join(any_cluster.images[each] for each in sorted({"tools", kind}))
        pytest.fail(
            f"{images} do not run here; name what this cluster can pull with --image {kind}=IMAGE: {waited.err}"
        )
    done = wayhome("check", f"{space}/{name}", TARGET)
    assert done.code in (0, 1), done.err
    assert ("the pod measures with" in done.out) == bool(tools), done.out  # a check adds nothing to a pod without tools
    assert not tools or any(f"the pod measures with {tool}" in done.out for tool in tools), done.out
    left = any_cluster.kubectl("get", "pods", "-n", space, "-l", "app.kubernetes.io/managed-by=wayhome", "-o", "name")
    assert left.out == ""
    for each in {name, "any-tools"}:
        assert any_cluster.kubectl("delete", "pod", "-n", space, each, "--now").code == 0


def test_a_context_or_pod_that_is_not_there_is_a_sentence(any_cluster: Any, wayhome: Callable[..., Any]) -> None:
    for args in (("no-such-pod", TARGET), ("no-such-pod", TARGET, "--context", "no-such-context")):
        done = wayhome("diagnose", f"{any_cluster.space}/{args[0]}", *args[1:])
        assert (done.code, done.out) == (2, "")
        assert "no-such" in done.err
