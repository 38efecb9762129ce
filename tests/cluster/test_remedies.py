"""Every remedy that wayhome applies by itself: applied, proven with real packets, taken back to the letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

QUESTION = ("my-pod", "http://10.2.0.10/health")
CONFIG = "/api/v1/namespaces/kube-system/configmaps/ip-masq-agent"
SERVERS = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink")


def world(cluster: Any) -> dict[str, Any]:
    """What a remedy may change, without what the server writes by itself."""
    found: dict[str, Any] = {"peerings": cluster.peerings()}
    for path in (CONFIG, "/apis/apps/v1/namespaces/kube-system/daemonsets/ip-masq-agent"):
        item = cluster.api.find(path)
        if item is not None:
            item.pop("status", None)
            item["metadata"] = {key: value for key, value in item["metadata"].items() if key not in SERVERS}
        found[path] = item
    return found


def applied_and_taken_back(cluster: Any, wayhome: Callable[..., Any], remedy: str) -> None:
    before = world(cluster)
    done = wayhome("apply", remedy, *QUESTION, "--yes")
    assert done.code == 0, done.out + done.err
    assert world(cluster) != before
    assert wayhome("diagnose", *QUESTION, "--no-node-probe").code == 0
    back = wayhome("rollback", "--yes")
    assert back.code == 0, back.out + back.err
    assert world(cluster) == before
    assert wayhome("diagnose", *QUESTION, "--no-node-probe").code == 1


@pytest.mark.parametrize("remedy", ["masquerade-minimal", "masquerade-article", "exchange-routes"])
def test_a_remedy_is_applied_proven_and_taken_back(article: Any, wayhome: Callable[..., Any], remedy: str) -> None:
    applied_and_taken_back(article, wayhome, remedy)
    assert article.api.items(f"{article.pods}?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dwayhome") == []


def test_a_configuration_that_is_there_comes_back_with_its_other_keys(
    article: Any, wayhome: Callable[..., Any]
) -> None:
    article.configure("config.yaml", "nonMasqueradeCIDRs: [172.16.0.0/16]\n")
    applied_and_taken_back(article, wayhome, "masquerade-minimal")


def test_a_configuration_under_another_key_is_mended(article: Any, wayhome: Callable[..., Any]) -> None:
    article.configure("config.yaml", "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n")
    applied_and_taken_back(article, wayhome, "mend-config")


def test_a_dry_run_changes_nothing(article: Any, wayhome: Callable[..., Any]) -> None:
    before = world(article)
    for remedy in ("masquerade-minimal", "exchange-routes"):
        assert wayhome("apply", remedy, *QUESTION, "--dry-run").code == 0
    assert world(article) == before
