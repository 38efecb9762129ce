"""An unchanged kubectl on the lab's Kubernetes, as a person types it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.clients

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

POD = """
apiVersion: v1
kind: Pod
metadata: {name: tmp}
spec:
  containers: [{name: c, image: curlimages/curl, command: [sleep, "60"]}]
"""


def said(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def columns(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def test_get_nodes_and_pods_wide(kubectl: Kubectl) -> None:
    nodes = columns(said(kubectl("get", "nodes", "-o", "wide")))
    assert nodes[0] == [
        *("NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP", "EXTERNAL-IP"),
        *("OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"),
    ]
    assert nodes[1][:3] == ["gke-node-01", "Ready", "<none>"]
    assert nodes[1][4:7] == ["v1.32.4-gke.1415000", "10.1.0.11", "<none>"]
    pods = columns(said(kubectl("get", "pods", "-A", "-o", "wide")))
    assert pods[0][:8] == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    assert pods[1][:5] == ["default", "my-pod", "1/1", "Running", "0"]
    assert pods[1][6:8] == ["172.16.1.2", "gke-node-01"]
    assert sorted(row[6] for row in pods[2:]) == ["10.1.0.11", "10.1.0.12"]


def test_get_several_kinds_at_once(kubectl: Kubectl) -> None:
    text = said(kubectl("get", "nodes,pods", "-A", "-o", "wide"))
    assert "node/gke-node-01" in text
    assert "pod/my-pod" in text
    sets = columns(said(kubectl("get", "ds,cm", "-n", "kube-system")))
    assert sets[1][:6] == ["daemonset.apps/ip-masq-agent", "2", "2", "2", "2", "2"]


def test_the_article_s_own_command(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("nonMasqueradeCIDRs:\n- 10.1.0.0/16\n- 172.16.0.0/16\nresyncInterval: 60s\n")
    create = ("create", "configmap", "ip-masq-agent", "--from-file", "config", "-n", "kube-system")
    assert said(kubectl(*create, cwd=tmp_path)) == "configmap/ip-masq-agent created\n"
    again = kubectl(*create, cwd=tmp_path)
    assert again.returncode == 1
    assert 'configmaps "ip-masq-agent" already exists' in again.stderr
    found = json.loads(said(kubectl("get", "cm", "ip-masq-agent", "-n", "kube-system", "-o", "json")))
    assert found["data"] == {"config": (tmp_path / "config").read_text()}
    assert "nonMasqueradeCIDRs:" in said(kubectl("describe", "cm", "ip-masq-agent", "-n", "kube-system"))
    assert said(kubectl("delete", "cm", "ip-masq-agent", "-n", "kube-system")) == 'configmap "ip-masq-agent" deleted\n'


def test_exec_exit_codes_come_through(kubectl: Kubectl) -> None:
    ran = kubectl("exec", "my-pod", "--", "sh", "-c", "echo out; echo err >&2; exit 28")
    assert (ran.returncode, ran.stdout) == (28, "out\n")
    assert ran.stderr.splitlines() == ["err", "command terminated with exit code 28"]
    assert kubectl("exec", "my-pod", "--", "true").returncode == 0
    assert kubectl("exec", "my-pod", "--", "nosuchprogram").returncode == 127


def test_exec_takes_input_to_its_end(kubectl: Kubectl) -> None:
    assert said(kubectl("exec", "-i", "my-pod", "--", "wc", "-c", stdin="x" * 100_000)).strip() == "100000"


def test_exec_carries_much_output(kubectl: Kubectl) -> None:
    lines = said(kubectl("exec", "my-pod", "--", "seq", "100000")).splitlines()
    assert (len(lines), lines[-1]) == (100_000, "100000")


def test_exec_refusals(kubectl: Kubectl) -> None:
    assert 'pods "nope" not found' in kubectl("exec", "nope", "--", "ls").stderr
    assert "container bad is not valid for pod my-pod" in kubectl("exec", "my-pod", "-c", "bad", "--", "ls").stderr


def test_apply_twice_then_change_then_delete(kubectl: Kubectl) -> None:
    assert said(kubectl("apply", "-f", "-", stdin=POD)) == "pod/tmp created\n"
    assert said(kubectl("wait", "--for=condition=Ready", "pod/tmp", "--timeout=20s")) == "pod/tmp condition met\n"
    assert said(kubectl("apply", "-f", "-", stdin=POD)) == "pod/tmp unchanged\n"
    changed = POD.replace("curlimages/curl", "curlimages/curl:8.11.0")
    assert said(kubectl("apply", "-f", "-", stdin=changed)) == "pod/tmp configured\n"
    refused = kubectl("apply", "-f", "-", stdin=changed.replace("sleep", "nap"))
    assert refused.returncode == 1
    assert "pod updates may not change fields other than" in refused.stderr
    assert "Successfully assigned default/tmp to" in said(kubectl("describe", "pod", "tmp"))
    assert said(kubectl("delete", "pod", "tmp")) == 'pod "tmp" deleted\n'


def test_unknown_and_wrong_fields_are_named(kubectl: Kubectl) -> None:
    typo = kubectl("apply", "-f", "-", stdin=POD.replace("containers", "containrs"))
    assert 'strict decoding error: unknown field "spec.containrs"' in typo.stderr
    bad = kubectl("apply", "-f", "-", stdin=POD.replace("image: curlimages/curl, ", ""))
    assert "spec.containers[0].image: Required value" in bad.stderr
    assert kubectl("get", "pod", "tmp").returncode == 1


def test_server_side_apply_conflicts_until_forced(kubectl: Kubectl) -> None:
    said(kubectl("create", "configmap", "m", "--from-literal=a=1"))
    made = said(kubectl("create", "configmap", "m", "--from-literal=a=2", "--dry-run=client", "-o", "yaml"))
    refused = kubectl("apply", "--server-side", "-f", "-", stdin=made)
    assert 'conflict with "kubectl-create" using v1: .data.a' in refused.stderr
    assert "m serverside-applied" in said(kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=made))
    less = made.replace('a: "2"', 'b: "3"')
    said(kubectl("apply", "--server-side", "-f", "-", stdin=less))
    assert json.loads(said(kubectl("get", "cm", "m", "-o", "json")))["data"] == {"b": "3"}


def test_label_annotate_patch_and_select(kubectl: Kubectl) -> None:
    said(kubectl("label", "node", "gke-node-01", "role=gateway"))
    said(kubectl("annotate", "node", "gke-node-01", "note=x"))
    assert columns(said(kubectl("get", "nodes", "-l", "role=gateway")))[1][0] == "gke-node-01"
    said(
        kubectl("patch", "node", "gke-node-01", "--type=json", "-p", '[{"op":"remove","path":"/metadata/labels/role"}]')
    )
    assert said(kubectl("get", "nodes", "-l", "role=gateway", "-o", "name")) == ""
    assert said(kubectl("get", "nodes", "-o", "jsonpath={.items[*].spec.podCIDR}")) == "172.16.1.0/24 172.16.2.0/24"


def test_dry_run_on_the_server(kubectl: Kubectl) -> None:
    shown = said(kubectl("create", "configmap", "m", "--from-literal=a=1", "--dry-run=server", "-o", "yaml"))
    assert "name: m" in shown
    assert 'configmaps "m" not found' in kubectl("get", "cm", "m").stderr
    said(kubectl("delete", "pod", "my-pod", "--dry-run=server"))
    assert said(kubectl("get", "pod", "my-pod", "-o", "jsonpath={.metadata.deletionTimestamp}")) == ""


def test_a_daemonset_heals_and_rolls(kubectl: Kubectl) -> None:
    select = ("-n", "kube-system", "-l", "k8s-app=ip-masq-agent")
    before = set(said(kubectl("get", "pods", *select, "-o", "name")).split())
    said(kubectl("delete", "pod", *select))
    said(kubectl("rollout", "status", "ds/ip-masq-agent", "-n", "kube-system", "--timeout=30s"))
    healed = set(said(kubectl("get", "pods", *select, "-o", "name")).split())
    assert len(healed) == 2
    assert not healed & before
    said(kubectl("rollout", "restart", "ds/ip-masq-agent", "-n", "kube-system"))
    done = said(kubectl("rollout", "status", "ds/ip-masq-agent", "-n", "kube-system", "--timeout=30s"))
    assert "successfully rolled out" in done
    assert not set(said(kubectl("get", "pods", *select, "-o", "name")).split()) & healed
    said(kubectl("delete", "ds", "ip-masq-agent", "-n", "kube-system"))
    said(kubectl("wait", "--for=delete", "pod", *select, "--timeout=30s"))
    assert said(kubectl("get", "pods", *select, "-o", "name")) == ""


def test_a_namespace_takes_its_objects_with_it(kubectl: Kubectl) -> None:
    said(kubectl("create", "ns", "foo"))
    said(kubectl("create", "cm", "m", "-n", "foo"))
    said(kubectl("run", "p", "-n", "foo", "--image=busybox"))
    said(kubectl("delete", "ns", "foo"))
    assert 'namespaces "foo" not found' in kubectl("get", "ns", "foo").stderr
    assert said(kubectl("get", "pods,cm", "-n", "foo", "-o", "name")) == ""
    assert "this namespace may not be deleted" in kubectl("delete", "ns", "default").stderr


def test_cordon_and_drain(kubectl: Kubectl) -> None:
    said(kubectl("cordon", "gke-node-01"))
    assert columns(said(kubectl("get", "nodes")))[1][1] == "Ready,SchedulingDisabled"
    said(kubectl("drain", "gke-node-01", "--ignore-daemonsets", "--force", "--timeout=30s"))
    assert said(kubectl("get", "pods", "-o", "name")) == ""
    said(kubectl("run", "p", "--image=busybox"))
    said(kubectl("wait", "--for=condition=Ready", "pod/p", "--timeout=20s"))
    assert said(kubectl("get", "pod", "p", "-o", "jsonpath={.spec.nodeName}")) == "gke-node-02"


def test_rights(kubectl: Kubectl) -> None:
    assert said(kubectl("auth", "can-i", "list", "pods", token="viewer-token")) == "yes\n"
    no = kubectl("auth", "can-i", "create", "pods/exec", token="viewer-token")
    assert (no.stdout, no.returncode) == ("no\n", 1)
    refused = kubectl("get", "ds", "-n", "kube-system", token="viewer-token")
    assert (
        'daemonsets.apps is forbidden: User "viewer" cannot list resource "daemonsets" in API group "apps" '
        'in the namespace "kube-system"'
    ) in refused.stderr
    nothing = kubectl("get", "nodes", token="nobody-token")
    assert 'cannot list resource "nodes" in API group "" at the cluster scope' in nothing.stderr
    assert "You must be logged in to the server (Unauthorized)" in kubectl("get", "nodes", "--token=wrong").stderr
    assert "pods" in said(kubectl("auth", "can-i", "--list", token="viewer-token"))


def test_logs(kubectl: Kubectl, kube_lab: Any) -> None:
    def write() -> None:
        lines = [["2026-11-23T00:00:00.000000000Z", "one"], ["2026-11-23T00:00:01.000000000Z", "two"]]
        kube_lab.store.table("kube/log").create("default/my-pod/my-pod", {"lines": lines})

    kube_lab.call(write)
    assert said(kubectl("logs", "my-pod")) == "one\ntwo\n"
    assert said(kubectl("logs", "my-pod", "--tail=1", "--timestamps")) == "2026-11-23T00:00:01.000000000Z two\n"
    assert said(kubectl("logs", "-l", "app=web")) == "one\ntwo\n"
    assert 'pods "nope" not found' in kubectl("logs", "nope").stderr


def test_discovery(kubectl: Kubectl) -> None:
    names = [row[0] for row in columns(said(kubectl("api-resources", "--no-headers")))]
    assert {"nodes", "pods", "daemonsets", "configmaps", "networkpolicies", "events"} <= set(names)
    assert "egressnatpolicies" not in names
    assert "Server Version: v1.32" in said(kubectl("version"))
    assert "the server doesn't have a resource type" in kubectl("get", "deployments").stderr
    assert "<[]Container>" in said(kubectl("explain", "pod.spec.containers"))


def test_a_custom_kind_is_there_once_the_scenario_has_it(kubectl: Kubectl, kube_lab: Any) -> None:
    spec = {"action": "NoSNAT", "destinations": [{"cidr": "10.0.0.0/8"}]}
    policy = {"metadata": {"name": "default"}, "spec": spec}
    kube_lab.call(lambda: kube_lab.store.table("kube/egressnatpolicies").create("default", policy))
    assert columns(said(kubectl("get", "egressnatpolicies")))[1][0] == "default"
    change = '{"spec":{"destinations":[{"cidr":"10.1.0.0/16"}]}}'
    said(kubectl("patch", "egressnatpolicy", "default", "--type=merge", "-p", change))
    assert kube_lab.store.table("kube/egressnatpolicies").get("default")["spec"]["destinations"] == [
        {"cidr": "10.1.0.0/16"}
    ]


def test_watch_prints_rows_as_they_change(kubectl: Kubectl) -> None:
    ran = kubectl("get", "pods", "-w", "--request-timeout=2s", "-o", "name")
    assert ran.stdout.splitlines()[0] == "pod/my-pod"


def test_debug_adds_a_container(kubectl: Kubectl) -> None:
    said(kubectl("debug", "my-pod", "--image=busybox", "-c", "helper", "--", "sleep", "60"))
    said(kubectl("wait", "--for=jsonpath={.status.ephemeralContainerStatuses[0].state.running}", "pod/my-pod"))
    assert said(kubectl("exec", "my-pod", "-c", "helper", "--", "echo", "here")) == "here\n"


def test_run_prints_what_the_command_says_and_how_it_ends(kubectl: Kubectl) -> None:
    ran = kubectl(
        "run", "t", "--rm", "-i", "--image=busybox", "--restart=Never", "--", "sh", stdin="echo typed; exit 4"
    )
    assert "typed" in ran.stdout
    said(kubectl("run", "job", "--image=busybox", "--restart=Never", "--", "sh", "-c", "echo hi; exit 3"))
    said(kubectl("wait", "--for=jsonpath={.status.phase}=Failed", "pod/job", "--timeout=20s"))
    assert said(kubectl("logs", "job")) == "hi\n"
    code = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}"
    assert said(kubectl("get", "pod", "job", "-o", code)) == "3"


def test_edit_replace_and_taint(kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said(kubectl("create", "configmap", "m", "--from-literal=a=old"))
    monkeypatch.setenv("KUBE_EDITOR", "sed -i s/old/new/")
    said(kubectl("edit", "configmap", "m"))
    made = said(kubectl("get", "cm", "m", "-o", "yaml"))
    assert "a: new" in made
    said(kubectl("label", "cm", "m", "x=y"))
    stale = kubectl("replace", "-f", "-", stdin=made)
    assert "the object has been modified" in stale.stderr
    said(kubectl("taint", "node", "gke-node-01", "k=v:NoExecute"))
    said(kubectl("wait", "--for=delete", "pod/my-pod", "--timeout=20s"))


def test_an_impossible_pod_stays_pending_and_says_why(kubectl: Kubectl) -> None:
    spec = '{"spec":{"nodeSelector":{"no":"where"}}}'
    said(kubectl("run", "lost", "--image=busybox", f"--overrides={spec}"))
    said(kubectl("wait", "--for=condition=PodScheduled=false", "pod/lost", "--timeout=20s"))
    text = said(kubectl("describe", "pod", "lost"))
    assert "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector." in text
    said(kubectl("label", "node", "gke-node-02", "no=where"))
    said(kubectl("wait", "--for=condition=Ready", "pod/lost", "--timeout=20s"))


def test_a_sidecar_counts_as_running_and_a_shut_readiness_gate_as_not_ready(kubectl: Kubectl) -> None:
    spec = {
        "nodeName": "gke-node-01",
        "initContainers": [{"name": "proxy", "image": "distroless", "restartPolicy": "Always"}],
        "containers": [{"name": "app", "image": "busybox"}],
    }
    for name, more in (("open", {}), ("shut", {"readinessGates": [{"conditionType": "example.com/never"}]})):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**spec, **more}}
        said(kubectl("create", "-f", "-", stdin=json.dumps(pod)))
    said(kubectl("wait", "--for=condition=Ready", "pod/open", "--timeout=20s"))
    said(kubectl("wait", "--for=condition=ContainersReady", "pod/shut", "--timeout=20s"))
    rows = {row[0]: row[1:3] for row in columns(said(kubectl("get", "pods", "open", "shut")))[1:]}
    assert rows == {"open": ["2/2", "Running"], "shut": ["2/2", "Running"]}
    ready = said(kubectl("get", "pod", "shut", "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}"))
    assert ready == "False"
