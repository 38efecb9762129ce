"""Every remedy that wayhome applies by itself: applied, proven with real packets, taken back to the letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.nat import boot_rules

pytestmark = pytest.mark.cluster

QUESTION = ("my-pod", "http://10.2.0.10/health")
CONFIG = "/api/v1/namespaces/kube-system/configmaps/ip-masq-agent"
DAEMONSET = "/apis/apps/v1/namespaces/kube-system/daemonsets/ip-masq-agent"
SERVERS = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink")


def world(cluster: Any) -> dict[str, Any]:
    """What a remedy may change, without what the server writes by itself."""
    found: dict[str, Any] = {"peerings": cluster.peerings()}
    for path in (CONFIG, DAEMONSET):
        item = cluster.api.find(path)
        if item is not None:
            item.pop("status", None)
            item["metadata"] = {key: value for key, value in item["metadata"].items() if key not in SERVERS}
        found[path] = item
    return found


def applied_and_taken_back(cluster: Any, wayhome: Callable[..., Any], remedy: str, *options: str) -> None:
    """Both ends are measured with fresh connections by the run itself."""
    before = world(cluster)
    done = wayhome("apply", remedy, *QUESTION, "--yes", *options)
    assert done.code == 0, done.out + done.err
    assert ": proven\n  pod-peer: ok" in done.out
    assert world(cluster) != before
    back = wayhome("rollback", "--yes", *options)
    assert back.code == 0, back.out + back.err
    assert ": rolled-back\n  pod-peer: timeout" in back.out
    assert world(cluster) == before


@pytest.mark.parametrize("remedy", ["masquerade-minimal", "masquerade-article", "exchange-routes"])
def test_a_remedy_is_applied_proven_and_taken_back(article: Any, wayhome: Callable[..., Any], remedy: str) -> None:
    applied_and_taken_back(article, wayhome, remedy)
    assert article.api.items(f"{article.pods}?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dwayhome") == []


def test_a_configuration_that_is_there_comes_back_with_its_other_keys(
    article: Any, wayhome: Callable[..., Any]
) -> None:
    article.configure("config.yaml", "nonMasqueradeCIDRs: [172.16.0.0/16]\n")
    applied_and_taken_back(article, wayhome, "masquerade-minimal", "--no-node-probe")


def test_a_configuration_under_another_key_is_mended(article: Any, wayhome: Callable[..., Any]) -> None:
    article.configure("config.yaml", "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n")
    applied_and_taken_back(article, wayhome, "mend-config", "--no-node-probe")


@pytest.mark.parametrize(
    ("remedy", "half", "flag"),
    [("export-routes", 1, "importCustomRoutes"), ("import-routes", 0, "exportCustomRoutes")],
)
def test_one_half_is_set_where_the_other_is(
    article: Any, wayhome: Callable[..., Any], remedy: str, half: int, flag: str
) -> None:
    article.set_half(half, **{flag: True})
    applied_and_taken_back(article, wayhome, remedy, "--no-node-probe")


def test_a_real_server_takes_the_agent_that_would_be_deployed(article: Any, wayhome: Callable[..., Any]) -> None:
    """GKE's own image is not to be had here, so that its pods could not start: the server's dry run has to do."""
    article.configure("config", "nonMasqueradeCIDRs: [172.16.0.0/16, 10.1.0.0/16]\n")
    article.api.remove(DAEMONSET)
    article.boot("gke-node-01", boot_rules())
    before = world(article)
    done = wayhome("apply", "deploy-agent", *QUESTION, "--dry-run", "--no-node-probe")
    assert done.code == 0, done.out + done.err
    assert "DaemonSet kube-system/ip-masq-agent: the server accepts the change (dry run)." in done.err
    assert world(article) == before


def test_a_dry_run_changes_nothing(article: Any, wayhome: Callable[..., Any]) -> None:
    before = world(article)
    for remedy in ("masquerade-minimal", "exchange-routes"):
        assert wayhome("apply", remedy, *QUESTION, "--dry-run").code == 0
    assert world(article) == before
