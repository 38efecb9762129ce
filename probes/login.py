"""Turns a kubeconfig's user into something to send: runs a credential plugin with a deadline and without a terminal.

The Kubernetes client runs plugins itself, but hands them the terminal and forgets why they failed.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from probes.errors import LoginError
from probes.kubeconfig import Access
from rules.words import _

SECONDS = 20.0


def user(access: Access) -> dict[str, Any]:
    """The user's settings with a plugin's answer in the place of the plugin. Raises LoginError."""
    plugin = access.user.get("exec")
    settings = {key: value for key, value in access.user.items() if key != "exec"}
    if not isinstance(plugin, Mapping) or settings.get("token") or settings.get("tokenFile"):
        return settings
    status = _run(plugin, access)
    if isinstance(status.get("token"), str):
        settings["token"] = status["token"]
    certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
    if isinstance(certificate, str) and isinstance(key, str):
        settings["client-certificate-data"] = base64.b64encode(certificate.encode()).decode()
        settings["client-key-data"] = base64.b64encode(key.encode()).decode()
    if "token" not in settings and "client-certificate-data" not in settings:
        raise LoginError(
            _("The login plugin {command} gave neither token nor certificate; run `kubectl get pods` to see.").format(
                command=plugin.get("command")
            )
        )
    return settings


def _run(plugin: Mapping[str, Any], access: Access) -> Mapping[str, Any]:
    command = str(plugin.get("command") or "")
    path = shutil.which(command)
    if path is None:
        raise LoginError(_missing(command, str(plugin.get("installHint") or "")))
    environment = dict(os.environ)
    for entry in plugin.get("env") or []:
        environment[str(entry.get("name"))] = str(entry.get("value"))
    version = str(plugin.get("apiVersion") or "client.authentication.k8s.io/v1")
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = _cluster(access)
    environment["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})
    try:
        done = subprocess.run(
            [path, *(str(word) for word in plugin.get("args") or [])],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LoginError(
            _(
                "The login plugin {command} did not answer within {seconds:g} s; it may be asking for input: "
                "run `kubectl get pods` once by hand, then try again."
            ).format(command=command, seconds=SECONDS)
        ) from None
    except OSError as error:
        raise LoginError(
            _("The login plugin {command} cannot be run ({error}).").format(command=command, error=error)
        ) from error
    if done.returncode != 0:
        said = _last_line(done.stderr) or _("exit code {code}").format(code=done.returncode)
        raise LoginError(
            _("The login plugin {command} failed ({said}); {remedy}.").format(
                command=command, said=said, remedy=_remedy(command)
            )
        )
    try:
        answer = json.loads(done.stdout)
        status = answer["status"]
    except (ValueError, KeyError, TypeError):
        status = None
    if not isinstance(status, Mapping):
        raise LoginError(
            _("The login plugin {command} did not print an ExecCredential; {remedy}.").format(
                command=command, remedy=_remedy(command)
            )
        )
    return status


def _cluster(access: Access) -> dict[str, Any]:
    cluster = access.cluster
    said: dict[str, Any] = {"server": access.server}
    if cluster.get("certificate-authority-data"):
        said["certificate-authority-data"] = cluster["certificate-authority-data"]
    if cluster.get("insecure-skip-tls-verify"):
        said["insecure-skip-tls-verify"] = True
    for extension in cluster.get("extensions") or []:
        if isinstance(extension, Mapping) and extension.get("name") == "client.authentication.k8s.io/exec":
            said["config"] = extension.get("extension")
    return said


def _missing(command: str, hint: str) -> str:
    if os.path.basename(command) == "gke-gcloud-auth-plugin":  # noqa: PTH119 - a command's name, not a path here
        return _(
            "gke-gcloud-auth-plugin is not installed; run `gcloud components install gke-gcloud-auth-plugin` "
            "(or your package manager's google-cloud-sdk-gke-gcloud-auth-plugin) and try again."
        )
    first = hint.strip().splitlines()[0] if hint.strip() else _("install it or choose another context with --context")
    return _("The login plugin {command} is not installed; {hint}.").format(command=command, hint=first.rstrip("."))


def _remedy(command: str) -> str:
    if "gke-gcloud-auth-plugin" in command or os.path.basename(command) == "gcloud":  # noqa: PTH119 - as above
        return _("run `gcloud auth login` and try again")
    return _("run `kubectl get pods` to see it by hand")


def _last_line(text: bytes) -> str:
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return "".join(c for c in lines[-1] if c.isprintable())[:300] if lines else ""
