"""Turns a kubeconfig's user into something to send: runs a credential plugin with a deadline and without a terminal.

The Kubernetes client runs plugins itself, but hands them the terminal and forgets why they failed; the login helpers
that came before plugins (`auth-provider`) it runs without a deadline.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from probes import mend, plugin
from probes.errors import ContextError, LoginError
from probes.kubeconfig import Access
from rules.words import _

SECONDS = 20.0
# What Kubernetes' programs put before a line that they log.
_LOG = re.compile(r"^[IWEF]\d{4} \S+ +\d+ [^\]]*\] ")
VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


def user(access: Access) -> dict[str, Any]:
    """The user's settings with a plugin's answer in the place of the plugin. Raises LoginError, ContextError."""
    settings = {key: value for key, value in access.user.items() if key not in ("exec", "auth-provider")}
    if settings.get("token") or settings.get("tokenFile"):
        return settings
    if isinstance(access.user.get("auth-provider"), Mapping):
        return {**settings, "token": _helper(access, access.user["auth-provider"])}
    if not isinstance(access.user.get("exec"), Mapping):
        return settings
    status = _run(access.user["exec"], access)
    if isinstance(status.get("token"), str):
        settings["token"] = status["token"]
    certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
    if isinstance(certificate, str) and isinstance(key, str):
        settings["client-certificate-data"] = base64.b64encode(certificate.encode()).decode()
        settings["client-key-data"] = base64.b64encode(key.encode()).decode()
    if not settings.get("token") and "client-certificate-data" not in settings:
        raise LoginError(
            _("The login plugin {command} gave neither token nor certificate; {remedy}.").format(
                command=access.user["exec"].get("command"),
                remedy=_remedy(str(access.user["exec"].get("command")), access),
            )
        )
    return settings


def _helper(access: Access, helper: Mapping[str, Any]) -> str:
    """The token that an OpenID Connect helper has kept; kubectl has no other helpers since 1.26."""
    name, config = str(helper.get("name") or ""), helper.get("config")
    token = config.get("id-token") if isinstance(config, Mapping) and name == "oidc" else None
    if isinstance(token, str) and token:
        return token
    if name == "oidc":
        raise LoginError(
            _("Context {context!r} has no OpenID Connect token yet; run `{command}` once by hand.").format(
                context=access.context, command=mend.by_hand(access)
            )
        )
    raise LoginError(
        _("Context {context!r} logs in with the auth-provider {name!r}, which kubectl has dropped; {remedy}.").format(
            context=access.context, name=name, remedy=mend.fetch(access)
        )
    )


def _run(settings: Mapping[str, Any], access: Access) -> Mapping[str, Any]:
    command = str(settings.get("command") or "")
    version = str(settings.get("apiVersion") or VERSIONS[0])
    _check(settings, version, access)
    path = shutil.which(command)
    if path is None:
        raise LoginError(_missing(command, str(settings.get("installHint") or "")))
    environment = dict(os.environ)
    for entry in settings.get("env") or []:
        environment[str(entry.get("name"))] = str(entry.get("value"))
    spec: dict[str, Any] = {"interactive": False}
    if settings.get("provideClusterInfo"):
        spec["cluster"] = _cluster(access)
    environment["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})
    try:
        said = plugin.run([path, *(str(word) for word in settings.get("args") or [])], environment, SECONDS)
    except (OSError, ValueError) as error:
        raise LoginError(
            _("The login plugin {command} cannot be run ({error}); install it again.").format(
                command=command, error=getattr(error, "strerror", None) or error
            )
        ) from error
    if said.late:
        raise LoginError(
            _(
                "The login plugin {command} did not answer within {seconds:g} s; it may be asking for input: "
                "run `{by_hand}` once by hand, then try again."
            ).format(command=command, seconds=SECONDS, by_hand=mend.by_hand(access))
        )
    if said.code:
        words = _reason(said.stderr) or _("exit code {code}").format(code=said.code)
        raise LoginError(
            _("The login plugin {command} failed ({said}); {remedy}.").format(
                command=command, said=words, remedy=_remedy(command, access, words)
            )
        )
    return _status(said, command, version, access)


def _check(settings: Mapping[str, Any], version: str, access: Access) -> None:
    listed, named = settings.get("args") or [], settings.get("env") or []
    plain = isinstance(listed, list) and isinstance(named, list) and all(isinstance(one, Mapping) for one in named)
    if not plain or not isinstance(settings.get("command"), str) or not settings["command"]:
        raise ContextError(
            _("The login plugin of context {context!r} is not set down as a kubeconfig has it; {remedy}.").format(
                context=access.context, remedy=mend.fetch(access)
            )
        )
    if version not in VERSIONS:
        raise LoginError(
            _("The kubeconfig runs {command} by {version}, which kubectl has dropped; {remedy}.").format(
                command=settings["command"], version=version, remedy=mend.fetch(access)
            )
        )


def _status(said: plugin.Said, command: str, version: str, access: Access) -> Mapping[str, Any]:
    try:
        answer = json.loads(said.stdout) if said.code == 0 else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, Mapping) or not isinstance(answer.get("status"), Mapping):
        raise LoginError(
            _("The login plugin {command} did not print an ExecCredential; {remedy}.").format(
                command=command, remedy=_remedy(command, access)
            )
        )
    theirs = str(answer.get("apiVersion") or version)
    if theirs != version:
        raise LoginError(
            _(
                "The login plugin {command} answers in {theirs}, and the kubeconfig asks for {ours}: one of them "
                "is too old; {remedy}."
            ).format(command=command, theirs=theirs, ours=version, remedy=mend.fetch(access))
        )
    status: Mapping[str, Any] = answer["status"]
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
    if PurePath(command).name == mend.PLUGIN:
        return _(
            "gke-gcloud-auth-plugin is not installed; run `gcloud components install gke-gcloud-auth-plugin` "
            "(or your package manager's google-cloud-sdk-gke-gcloud-auth-plugin) and try again."
        )
    first = hint.strip().splitlines()[0] if hint.strip() else _("install it or choose another context with --context")
    return _("The login plugin {command} is not installed; {hint}.").format(command=command, hint=first.rstrip(".。"))


def _remedy(command: str, access: Access, said: str = "") -> str:
    if mend.of_google(command):
        if "executable file not found" in said:
            return _("install the Google Cloud CLI (gcloud), which it calls, and try again")
        return _("run `gcloud auth login` and try again")
    return _("run `{command}` to see it by hand").format(command=mend.by_hand(access))


def _reason(text: bytes) -> str:
    """The line that says why: the first that speaks of an error, else the last that says anything."""
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if any(map(str.isalnum, line))]
    if not lines:
        return ""
    told = next((line for line in lines if "error" in line.lower()), lines[-1])
    start = max(told.rfind("ERROR: "), 0)  # gcloud's own words, which its plugin for GKE wraps
    return "".join(c for c in _LOG.sub("", told[start:]).strip() if c.isprintable())[:300].rstrip(".")
