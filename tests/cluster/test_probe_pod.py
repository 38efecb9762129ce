"""The probe pod on a real kubelet: announced, bounded, and gone, however the run ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

TARGET = "http://10.2.0.10/health"
MINE = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dwayhome"


def strays(cluster: Any) -> list[dict[str, Any]]:
    return cluster.api.items(f"{cluster.pods}?{MINE}")


def caught_measuring(cluster: Any, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A `wayhome diagnose` whose probe pod has just been made."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", "diagnose", "my-pod", TARGET],
        env={**environment, **cluster.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    ready, _, _ = select.select([process.stderr], [], [], 120)
    assert ready
    assert "wayhome-probe-" in process.stderr.readline()
    return process


def test_a_kill_leaves_a_pod_that_ends_by_itself_and_that_check_finds(
    article: Any, wayhome: Callable[..., Any], environment: dict[str, str], until: Callable[..., None]
) -> None:
    process = caught_measuring(article, environment)
    until(lambda: bool(strays(article)), "no probe pod is made")
    process.kill()
    process.communicate()
    (left,) = strays(article)
    name, spec = left["metadata"]["name"], left["spec"]
    assert spec["activeDeadlineSeconds"] == 600
    assert spec["restartPolicy"] == "Never"
    done = wayhome("check", "my-pod", TARGET)
    assert done.code == 1
    assert f"kubectl delete pod -n default {name}" in done.out
    # The kubelet ends it when its time is over; the test brings that time nearer.
    article.api.call("PATCH", f"{article.pods}/{name}", {"spec": {"activeDeadlineSeconds": 1}})

    def status() -> dict[str, Any]:
        return (article.api.find(f"{article.pods}/{name}") or {}).get("status") or {}

    until(lambda: status().get("phase") == "Failed", f"{name} does not end")
    assert status().get("reason") == "DeadlineExceeded"
    assert article.kubectl("delete", "pod", "-n", "default", name).code == 0
    assert name not in wayhome("check", "my-pod", TARGET).out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_takes_its_pod_with_it(
    article: Any, environment: dict[str, str], until: Callable[..., None], number: int
) -> None:
    process = caught_measuring(article, environment)
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    until(lambda: strays(article) == [], "the probe pod is still there")


def test_no_probe_pod_where_it_is_not_wanted(article: Any, wayhome: Callable[..., Any]) -> None:
    for option in ("--no-node-probe", "--read-only"):
        done = wayhome("diagnose", "my-pod", TARGET, "--json", option)
        assert done.code == 1
        assert "wayhome-probe-" not in done.out + done.err
