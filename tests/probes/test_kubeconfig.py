"""kubectl's way to a cluster: files, lists of files, contexts, and what is wrong with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from probes import kubeconfig, login
from probes.errors import ContextError, LoginError, NoClusterError
from probes.kubeconfig import Access


def write(path: Path, name: str, *, current: str = "", word: str = "t", **cluster: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "web"}}],
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}/", **cluster}}],
        "users": [{"name": name, "user": {"token": word}}],
    }
    path.write_text(yaml.safe_dump({**data, **({"current-context": current} if current else {})}))
    return path


def test_of_a_list_the_first_that_says_something_wins(tmp_path: Path) -> None:
    one = write(tmp_path / "one", "a", word="first")
    two = write(tmp_path / "two", "a", current="a", word="second")
    three = write(tmp_path / "three", "c", current="c")
    listed = f"{one}:{tmp_path / 'missing'}::{two}:{three}"
    found = kubeconfig.find(None, None, {"KUBECONFIG": listed})
    assert (found.context, found.server, found.namespace, found.user) == ("a", "https://a", "web", {"token": "first"})
    assert kubeconfig.find(None, "c", {"KUBECONFIG": listed}).explicit == ("--context", "c")


def test_relative_paths_are_relative_to_their_file(tmp_path: Path) -> None:
    path = write(tmp_path / "deep" / "config", "a", current="a", **{"certificate-authority": "ca.crt"})
    found = kubeconfig.find(str(path), None, {})
    assert found.cluster["certificate-authority"] == str(tmp_path / "deep" / "ca.crt")
    assert found.explicit == ("--kubeconfig", str(path))


def test_no_kubeconfig_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NoClusterError) as caught:
        kubeconfig.find(None, None, {})
    assert caught.value.exit_code == 3
    assert "get-credentials" in caught.value.sentence


def test_inside_a_pod_its_service_account_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("here\n")
    found = kubeconfig.find(None, None, {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"})
    assert (found.server, found.namespace) == ("https://10.0.0.1:443", "here")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("- a list", "not a kubeconfig"),
        ("clusters: {}", "no current context"),
        ("contexts: 3", "not a kubeconfig"),
        ("contexts: [{context: {}}]", "without a name"),
        ("clusters: [{name: a, cluster: 3}]", "no settings"),
        ("current-context: a", "has no context 'a'"),
        ("current-context: a\ncontexts: [{name: a, context: {cluster: b}}]", "names the cluster 'b'"),
        ("", "no current context"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ContextError) as caught:
        kubeconfig.find(str(path), None, {})
    assert caught.value.exit_code == 2
    assert words in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_a_context_that_does_not_exist_is_answered_with_near_names(tmp_path: Path) -> None:
    path = write(tmp_path / "config", "gke_project-a_asia_cluster-1", current="gke_project-a_asia_cluster-1")
    with pytest.raises(ContextError) as caught:
        kubeconfig.find(str(path), "gke_project-a_asia_cluster-2", {})
    assert "gke_project-a_asia_cluster-1" in caught.value.sentence
    with pytest.raises(ContextError) as caught:
        kubeconfig.find(str(tmp_path / "nowhere"), None, {})
    assert "nowhere" in caught.value.sentence


def plugin(tmp_path: Path, code: str, **more: object) -> Access:
    script = tmp_path / "plugin"
    script.write_text(f"#!{sys.executable}\nimport json, os, sys\n{code}\n")
    script.chmod(0o755)
    settings = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script), **more}
    return Access("it", "https://a", "default", {"server": "https://a"}, {"exec": settings})


def test_a_plugin_is_run_without_a_terminal(tmp_path: Path) -> None:
    code = (
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "assert not info['spec']['interactive'] and info['spec']['cluster']['server'] == 'https://a'\n"
        "assert sys.stdin.read() == ''\n"
        "print(json.dumps({'status': {'token': os.environ['WORD'] + sys.argv[1]}}))"
    )
    env = [{"name": "WORD", "value": "se"}]
    assert login.user(plugin(tmp_path, code, env=env, args=["cret"], provideClusterInfo=True)) == {"token": "secret"}


def test_a_plugin_may_give_a_certificate(tmp_path: Path) -> None:
    status = {"clientCertificateData": "CERT", "clientKeyData": "KEY"}
    found = login.user(plugin(tmp_path, f"print({json.dumps({'status': status})!r})"))
    assert found == {"client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.exit('ERROR: please run: gcloud auth login')", "please run: gcloud auth login"),
        ("print('no json')", "ExecCredential"),
        ("print('{\"status\": {}}')", "neither token nor certificate"),
        ("print('[]')", "ExecCredential"),
        ("input()", "EOF"),
    ],
)
def test_a_plugin_that_fails(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(LoginError) as caught:
        login.user(plugin(tmp_path, code))
    assert words in caught.value.sentence
    assert caught.value.exit_code == 3


def test_a_plugin_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "SECONDS", 0.2)
    with pytest.raises(LoginError, match="asking for input"):
        login.user(plugin(tmp_path, "import time; time.sleep(60)"))


@pytest.mark.parametrize(
    ("command", "hint", "words"),
    [
        ("gke-gcloud-auth-plugin", "", "gcloud components install gke-gcloud-auth-plugin"),
        ("other-plugin", "Get it from example.com.\nThen…", "Get it from example.com."),
    ],
)
def test_a_plugin_that_is_not_installed(
    command: str, hint: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    access = Access("it", "https://a", "default", {}, {"exec": {"command": command, "installHint": hint}})
    with pytest.raises(LoginError) as caught:
        login.user(access)
    assert words in caught.value.sentence
