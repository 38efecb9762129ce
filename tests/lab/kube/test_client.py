"""The official Python client uses the lab's Kubernetes as it uses any cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream


def config_map(name: str = "made", **data: str) -> client.V1ConfigMap:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


def pod(name: str, **spec: Any) -> client.V1Pod:
    container = client.V1Container(name="c", image="curlimages/curl:8.11.0", command=["sleep", "60"])
    return client.V1Pod(metadata=client.V1ObjectMeta(name=name), spec=client.V1PodSpec(containers=[container], **spec))


def test_lists_say_what_is_there(core: client.CoreV1Api, api: client.ApiClient) -> None:
    nodes = core.list_node().items
    assert [node.metadata.name for node in nodes] == ["gke-node-01", "gke-node-02"]
    assert nodes[0].spec.pod_cidr == "172.16.1.0/24"
    sets = client.AppsV1Api(api).list_daemon_set_for_all_namespaces().items
    assert [(each.metadata.name, each.status.number_ready) for each in sets] == [("ip-masq-agent", 2)]
    assert client.NetworkingV1Api(api).list_network_policy_for_all_namespaces().items == []
    assert client.VersionApi(api).get_code().major == "1"


def test_pages_of_a_list_hold_everything_once_though_the_world_moves(core: client.CoreV1Api) -> None:
    for number in range(7):
        core.create_namespaced_config_map("default", config_map(f"m{number}"))
    first = core.list_namespaced_config_map("default", limit=3)
    assert first.metadata.remaining_item_count == 4
    core.delete_namespaced_config_map("m5", "default")
    core.create_namespaced_config_map("default", config_map("m31"))
    names = [each.metadata.name for each in first.items]
    token = first.metadata._continue
    while token:
        page = core.list_namespaced_config_map("default", limit=3, _continue=token)
        assert page.metadata.resource_version == first.metadata.resource_version
        names += [each.metadata.name for each in page.items]
        token = page.metadata._continue
    assert names == [f"m{number}" for number in range(7)]


def test_selectors(core: client.CoreV1Api) -> None:
    def found(**query: str) -> list[str]:
        return sorted(each.metadata.name for each in core.list_pod_for_all_namespaces(**query).items)

    assert found(label_selector="app=web") == ["my-pod"]
    assert len(found(label_selector="app!=web")) == 2
    assert found(label_selector="app in (web, db),app") == ["my-pod"]
    assert found(label_selector="!k8s-app") == ["my-pod"]
    assert len(found(field_selector="spec.nodeName=gke-node-01")) == 2
    assert found(field_selector="metadata.name=my-pod,status.phase=Running") == ["my-pod"]
    with pytest.raises(ApiException, match=r"field label not supported: spec\.color") as refused:
        found(field_selector="spec.color=red")
    assert refused.value.status == 400


def test_create_get_replace_patch_delete(core: client.CoreV1Api) -> None:
    made = core.create_namespaced_config_map("default", config_map(a="1"))
    assert made.metadata.uid
    again = made
    made.data = {"a": "2"}
    changed = core.replace_namespaced_config_map("made", "default", made)
    assert int(changed.metadata.resource_version) > int(again.metadata.resource_version)
    patched = core.patch_namespaced_config_map("made", "default", {"data": {"b": "3"}})
    assert patched.data == {"a": "2", "b": "3"}
    gone = core.delete_namespaced_config_map("made", "default", _preload_content=False).json()
    assert (gone["status"], gone["details"]["uid"]) == ("Success", made.metadata.uid)
    with pytest.raises(ApiException, match='configmaps \\\\"made\\\\" not found'):
        core.read_namespaced_config_map("made", "default")


def test_a_stale_version_conflicts(core: client.CoreV1Api) -> None:
    made = core.create_namespaced_config_map("default", config_map(a="1"))
    core.patch_namespaced_config_map("made", "default", {"data": {"a": "2"}})
    made.data = {"a": "3"}
    with pytest.raises(ApiException, match="the object has been modified") as refused:
        core.replace_namespaced_config_map("made", "default", made)
    assert (refused.value.status, refused.value.reason) == (409, "Conflict")
    other = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="other"))
    with pytest.raises(ApiException, match="Precondition failed: UID in precondition: other") as refused:
        core.delete_namespaced_config_map("made", "default", body=other)
    assert refused.value.status == 409
    assert core.read_namespaced_config_map("made", "default").data == {"a": "2"}


def test_a_write_that_changes_nothing_keeps_the_version(core: client.CoreV1Api) -> None:
    made = core.create_namespaced_config_map("default", config_map(a="1"))
    same = core.patch_namespaced_config_map("made", "default", {"data": {"a": "1"}})
    assert same.metadata.resource_version == made.metadata.resource_version


def test_a_dry_run_validates_and_stores_nothing(core: client.CoreV1Api) -> None:
    before = core.list_config_map_for_all_namespaces().metadata.resource_version
    shown = core.create_namespaced_config_map("default", config_map(a="1"), dry_run="All")
    assert shown.data == {"a": "1"}
    with pytest.raises(ApiException) as refused:
        core.create_namespaced_config_map("default", config_map("Bad_Name"), dry_run="All")
    assert refused.value.status == 422
    with pytest.raises(ApiException) as refused:
        core.delete_namespaced_config_map("made", "default", dry_run="All")
    assert refused.value.status == 404
    core.delete_namespaced_pod("my-pod", "default", dry_run="All")
    core.patch_node("gke-node-01", {"metadata": {"labels": {"x": "y"}}}, dry_run="All")
    assert core.list_config_map_for_all_namespaces().metadata.resource_version == before
    assert core.read_namespaced_pod("my-pod", "default").metadata.deletion_timestamp is None


def test_a_taken_name_and_a_missing_namespace(core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map("default", config_map())
    with pytest.raises(ApiException) as refused:
        core.create_namespaced_config_map("default", config_map())
    assert (refused.value.status, "AlreadyExists" in refused.value.body) == (409, True)
    with pytest.raises(ApiException, match='namespaces \\\\"nowhere\\\\" not found') as refused:
        core.create_namespaced_config_map("nowhere", config_map())
    assert refused.value.status == 404


def test_a_pod_comes_up_with_an_address_of_its_node_and_goes(
    core: client.CoreV1Api, eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    core.create_namespaced_pod("default", pod("fresh", node_selector={"kubernetes.io/hostname": "gke-node-02"}))

    def running() -> Any:
        found = core.read_namespaced_pod("fresh", "default")
        return found if found.status.phase == "Running" else None

    up = eventually(running)
    assert up.spec.node_name == "gke-node-02"
    assert up.status.pod_ip.startswith("172.16.2.")
    assert up.status.host_ip == "10.1.0.12"
    assert {each.type: each.status for each in up.status.conditions}["Ready"] == "True"
    core.delete_namespaced_pod("fresh", "default", grace_period_seconds=5)

    def gone() -> bool:
        return all(each.metadata.name != "fresh" for each in core.list_namespaced_pod("default").items)

    assert eventually(gone)


def test_watch_sees_a_pod_come_up_and_go(core: client.CoreV1Api) -> None:
    version = core.list_namespaced_pod("default").metadata.resource_version
    core.create_namespaced_pod("default", pod("seen"))
    seen: list[tuple[str, str]] = []
    watcher = watch.Watch()
    for event in watcher.stream(
        core.list_namespaced_pod, "default", resource_version=version, timeout_seconds=20, label_selector="!app"
    ):
        found = event["object"]
        seen.append((event["type"], found.status.phase))
        if found.status.phase == "Running" and found.metadata.deletion_timestamp is None:
            core.delete_namespaced_pod("seen", "default", grace_period_seconds=1)
        if event["type"] == "DELETED":
            watcher.stop()
    assert seen[0] == ("ADDED", "Pending")
    assert ("MODIFIED", "Running") in seen
    assert seen[-1] == ("DELETED", "Running")


def test_a_label_change_enters_and_leaves_a_watched_selection(core: client.CoreV1Api) -> None:
    core.create_namespaced_config_map("default", config_map())
    version = core.list_namespaced_config_map("default").metadata.resource_version
    for value in ("yes", None):
        core.patch_namespaced_config_map("made", "default", {"metadata": {"labels": {"chosen": value}}})
    stream_of = watch.Watch().stream(
        core.list_namespaced_config_map, "default", resource_version=version, timeout_seconds=1, label_selector="chosen"
    )
    assert [event["type"] for event in stream_of] == ["ADDED", "DELETED"]


def test_a_version_that_is_too_old_is_gone(kube_lab: Any, core: client.CoreV1Api) -> None:
    kube_lab.call(lambda: setattr(kube_lab.server._cache, "oldest", 1_000))
    with pytest.raises(ApiException) as refused:
        list(watch.Watch().stream(core.list_namespaced_pod, "default", resource_version="7", timeout_seconds=2))
    assert refused.value.status == 410


def test_exec_brings_back_output_and_exit_code(core: client.CoreV1Api) -> None:
    script = "echo out; echo err >&2; exit 28"
    ran = stream(
        core.connect_get_namespaced_pod_exec,
        "my-pod",
        "default",
        command=["sh", "-c", script],
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    ran.run_forever(timeout=20)
    ran.sock.shutdown()
    assert (ran.read_stdout(), ran.read_stderr(), ran.returncode) == ("out\n", "err\n", 28)


def test_exec_takes_input(core: client.CoreV1Api) -> None:
    ran = stream(
        core.connect_get_namespaced_pod_exec,
        "my-pod",
        "default",
        command=["sh", "-c", "read line; echo got $line"],
        stdin=True,
        stdout=True,
        _preload_content=False,
    )
    ran.write_stdin("hello\n")
    ran.run_forever(timeout=20)
    ran.sock.shutdown()
    assert (ran.read_stdout(), ran.returncode) == ("got hello\n", 0)


def test_exec_is_cancelled_when_the_client_goes(core: client.CoreV1Api, kube_lab: Any) -> None:
    ran = stream(
        core.connect_get_namespaced_pod_exec,
        "my-pod",
        "default",
        command=["sh", "-c", "echo up; exec sleep 600"],
        stdout=True,
        _preload_content=False,
    )
    assert ran.readline_stdout(timeout=20) == "up"
    ran.close()
    assert kube_lab.fabric.cancelled.wait(20)


@pytest.mark.parametrize(
    ("name", "query", "code", "said"),
    [
        ("nope", {}, 404, "not found"),
        ("my-pod", {"container": "other"}, 400, "container other is not valid for pod my-pod"),
        ("two", {}, 400, "a container name must be specified for pod two, choose one of: [a b]"),
        ("waiting", {}, 400, "container not found"),
    ],
)
def test_exec_is_refused_where_there_is_nothing_to_run_in(
    core: client.CoreV1Api, kube_lab: Any, name: str, query: dict[str, str], code: int, said: str
) -> None:
    def prepare() -> None:
        pods = kube_lab.store.table("kube/pods")
        two = pods.get("default/my-pod")
        two["metadata"] = {"name": "two", "namespace": "default"}
        two["spec"]["containers"] = [{"name": each, "image": "x"} for each in ("a", "b")]
        pods.create("default/two", two)
        waiting = pods.get("default/my-pod")
        waiting["metadata"] = {"name": "waiting", "namespace": "default"}
        waiting["spec"].pop("nodeName")
        waiting["spec"]["nodeSelector"] = {"no": "where"}
        waiting["status"] = {"phase": "Pending"}
        pods.create("default/waiting", waiting)

    kube_lab.call(prepare)
    with pytest.raises(ApiException) as refused:
        stream(core.connect_get_namespaced_pod_exec, name, "default", command=["true"], stdout=True, **query)
    assert f"{code}" in str(refused.value)
    assert refused.value.status in (0, code)
    assert said.split(":")[0] in str(refused.value) or refused.value.status == 0


def test_the_dynamic_client_discovers_and_applies(api: client.ApiClient) -> None:
    found = dynamic.DynamicClient(api)
    policies = found.resources.get(api_version="networking.k8s.io/v1", kind="NetworkPolicy")
    body = {"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": "deny"}}
    made = policies.server_side_apply(
        body={**body, "spec": {"podSelector": {}}}, name="deny", namespace="default", field_manager="me"
    )
    assert made.spec.policyTypes == ["Ingress"]
    assert [each.metadata.name for each in policies.get(namespace="default").items] == ["deny"]


def test_fifty_clients_at_once(core: client.CoreV1Api, api: client.ApiClient) -> None:
    wrong: list[BaseException] = []

    def work(number: int) -> None:
        try:
            mine = client.CoreV1Api(api)
            name = f"many-{number}"
            mine.create_namespaced_config_map("default", config_map(name, n=str(number)))
            assert mine.read_namespaced_config_map(name, "default").data == {"n": str(number)}
            mine.list_pod_for_all_namespaces()
            mine.delete_namespaced_config_map(name, "default")
        except BaseException as problem:
            wrong.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert core.list_namespaced_config_map("default").items == []
