"""Logins with few rights, as real RBAC refuses them: the best verdict that the evidence allows, and each gap named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

QUESTION = ("my-pod", "http://10.2.0.10/health")
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
LABELS = {"test.wayhome/ours": "yes"}

LOOK = {
    "apiGroups": ["", "apps", "networking.k8s.io"],
    "resources": ["nodes", "pods", "daemonsets", "configmaps", "networkpolicies", "services"],
    "verbs": ["get", "list"],
}
POD = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
EXEC = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]}
CREATE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "delete"]}


def grant(cluster: Any, *rules: dict[str, Any], space: str = "") -> None:
    """Give the user `viewer` these rights, in one namespace or everywhere."""
    kind, path = ("Role", f"{RBAC}/namespaces/{space}/") if space else ("ClusterRole", f"{RBAC}/")
    name = f"looks-{space or 'everywhere'}"
    meta = {"name": name, "labels": LABELS}
    version = f"{GROUP}/v1"
    plural = kind.lower()
    cluster.api.call(
        "POST", f"{path}{plural}s", {"apiVersion": version, "kind": kind, "metadata": meta, "rules": list(rules)}
    )
    binding = {
        "apiVersion": version,
        "kind": f"{kind}Binding",
        "metadata": meta,
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": name},
        "subjects": [{"apiGroup": GROUP, "kind": "User", "name": "viewer"}],
    }
    cluster.api.call("POST", f"{path}{plural}bindings", binding)


def observed(report: dict[str, Any]) -> dict[str, str | None]:
    return {row["probe"]: row["observed"] for row in report["matrix"]}


def test_one_who_may_nothing_is_refused_in_a_sentence(article: Any, wayhome: Callable[..., Any]) -> None:
    done = wayhome("diagnose", *QUESTION, kubeconfig=article.viewer)
    assert done.code == 3
    assert done.out == ""
    assert "get pods" in done.err


def test_one_who_may_look_at_everything_gets_the_cause_without_a_measurement(
    article: Any, wayhome: Callable[..., Any]
) -> None:
    grant(article, LOOK)
    done = wayhome("diagnose", *QUESTION, "--json", kubeconfig=article.viewer)
    report = done.report
    assert observed(report)["pod-peer"] in (None, "not-run")
    assert "RC01" in [cause["id"] for cause in report["causes"]]
    assert any("pods/exec" in gap["permission"] for gap in report["unknowns"])
    assert done.code in (1, 4)


def test_one_who_may_exec_but_create_no_pod_measures_from_the_pod(article: Any, wayhome: Callable[..., Any]) -> None:
    grant(article, LOOK, EXEC)
    done = wayhome("diagnose", *QUESTION, "--json", kubeconfig=article.viewer)
    assert done.code == 1, done.err
    report = done.report
    assert (report["broken"]["reason"], observed(report)["pod-peer"]) == ("NO_ROUTE", "timeout")
    assert observed(report)["node-peer"] in (None, "not-run")
    check = wayhome("check", *QUESTION, kubeconfig=article.viewer)
    assert check.code == 1
    assert "create pods" in check.out


def test_one_who_may_only_list_pods_is_told_what_is_missing(article: Any, wayhome: Callable[..., Any]) -> None:
    grant(article, POD, space="default")
    done = wayhome("diagnose", *QUESTION, "--json", kubeconfig=article.viewer)
    assert done.code == 4, done.err
    asked = " ".join(str(gap["permission"]) for gap in done.report["unknowns"])
    assert "nodes" in asked
    assert "configmaps" in asked


def test_a_change_without_the_right_to_it_is_refused_and_leaves_nothing(
    article: Any, wayhome: Callable[..., Any]
) -> None:
    grant(article, LOOK, EXEC, CREATE)
    done = wayhome("apply", "masquerade-minimal", *QUESTION, "--yes", kubeconfig=article.viewer)
    assert done.code == 3, done.out + done.err
    assert "create configmaps" in done.err
    assert article.api.find("/api/v1/namespaces/kube-system/configmaps/ip-masq-agent") is None
