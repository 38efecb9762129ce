"""Finds the kubeconfig as kubectl does and picks the cluster, the user and the namespace of one context.

The first file of a list that says something wins; relative paths are relative to the file that holds them; files of
$KUBECONFIG that do not exist are passed over; with no file at all, a pod's service account is used.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from probes.errors import ContextError, NoClusterError
from rules.words import _

DEFAULT = "~/.kube/config"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_FILES = {
    "clusters": ("cluster", ("certificate-authority",)),
    "users": ("user", ("client-certificate", "client-key", "tokenFile")),
    "contexts": ("context", ()),
}


@dataclass(frozen=True)
class Access:
    """Where the cluster is and who asks.

    `context` is '' inside a pod; `explicit` are kubectl's options that mean the same access.
    """

    context: str
    server: str
    namespace: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any] = field(repr=False)
    explicit: tuple[str, ...] = ()


def find(kubeconfig: str | None, context: str | None, environment: Mapping[str, str] | None = None) -> Access:
    """Read the configuration that `kubeconfig` (a path, or None for kubectl's search) and `context` name.

    Raises NoClusterError when there is none at all, ContextError when what there is cannot be used.
    """
    environment = os.environ if environment is None else environment
    files = _files(kubeconfig, environment)
    if not files:
        inside = _in_cluster(environment)
        if inside is None:
            raise NoClusterError(
                _(
                    "There is no kubeconfig ({where}); run `gcloud container clusters get-credentials CLUSTER`, "
                    "name one with --kubeconfig, or practise with `wayhome lab start article`."
                ).format(where=environment.get("KUBECONFIG") or DEFAULT)
            )
        return inside
    merged = _merge(files)
    where = os.pathsep.join(str(file) for file in files)
    name = context or merged["current-context"]
    if not name:
        raise ContextError(
            _("{where} has no current context; name one with --context ({known}).").format(
                where=where, known=_known(merged["contexts"])
            )
        )
    if name not in merged["contexts"]:
        raise ContextError(
            _("{where} has no context {name!r}; {known}.").format(
                where=where, name=name, known=_nearest(name, merged["contexts"])
            )
        )
    chosen = merged["contexts"][name]
    cluster = merged["clusters"].get(chosen.get("cluster", ""))
    if cluster is None or not isinstance(cluster.get("server"), str):
        raise ContextError(
            _("Context {name!r} in {where} names the cluster {cluster!r}, which has no server there.").format(
                name=name, where=where, cluster=chosen.get("cluster", "")
            )
        )
    return Access(
        context=name,
        server=_server(cluster, chosen, name, where),
        namespace=chosen.get("namespace") or "default",
        cluster=cluster,
        user=merged["users"].get(chosen.get("user", ""), {}),
        explicit=(
            *(("--kubeconfig", kubeconfig) if kubeconfig else ()),
            *(("--context", context) if context else ()),
        ),
    )


def _server(cluster: Mapping[str, Any], context: Mapping[str, Any], name: str, where: str) -> str:
    """The cluster's URL; without a scheme it is taken as client-go takes it."""
    said = str(cluster["server"]).strip()
    if "://" not in said:
        secured = any(key.startswith("certificate-authority") or key == "insecure-skip-tls-verify" for key in cluster)
        said = f"{'https' if secured else 'http'}://{said}"
    try:
        parts = urlsplit(said)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ContextError(
            _("The cluster {cluster!r} of context {name!r} in {where} has no usable server: {server!r}.").format(
                cluster=context.get("cluster", ""), name=name, where=where, server=cluster["server"]
            )
        )
    return said.rstrip("/")


def _files(kubeconfig: str | None, environment: Mapping[str, str]) -> list[Path]:
    if kubeconfig:
        path = Path(kubeconfig).expanduser()
        if not path.is_file():
            raise ContextError(_("There is no kubeconfig {path}; name a file that exists.").format(path=path))
        return [path]
    listed = [part for part in environment.get("KUBECONFIG", "").split(os.pathsep) if part] or [DEFAULT]
    return [path for path in (Path(part).expanduser() for part in listed) if path.is_file()]


def _merge(files: list[Path]) -> dict[str, Any]:
    merged: dict[str, Any] = {"clusters": {}, "users": {}, "contexts": {}, "current-context": ""}
    for path in files:
        data = _load(path)
        merged["current-context"] = merged["current-context"] or str(data.get("current-context") or "")
        for kind, (inner, paths) in _FILES.items():
            for entry in data.get(kind) or []:
                if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                    raise ContextError(
                        _("{path} is not a kubeconfig: {kind} without a name.").format(path=path, kind=kind)
                    )
                value = entry.get(inner) or {}
                if not isinstance(value, dict):
                    raise ContextError(
                        _("{path} is not a kubeconfig: {kind} {name!r} has no settings.").format(
                            path=path, kind=kind, name=entry["name"]
                        )
                    )
                merged[kind].setdefault(entry["name"], _absolute(value, paths, path.parent))
    return merged


def _load(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise ContextError(
            _("The kubeconfig {path} cannot be read ({error}).").format(path=path, error=reason)
        ) from error
    if data is None:
        return {}
    if not isinstance(data, dict) or any(not isinstance(data.get(kind) or [], list) for kind in _FILES):
        raise ContextError(_("{path} is not a kubeconfig; name one with --kubeconfig.").format(path=path))
    return data


def _absolute(value: dict[str, Any], paths: tuple[str, ...], folder: Path) -> dict[str, Any]:
    found = dict(value)
    for key in paths:
        if isinstance(found.get(key), str) and found[key]:
            found[key] = str(folder.absolute() / found[key])
    plugin = found.get("exec")
    if isinstance(plugin, dict) and isinstance(plugin.get("command"), str) and os.sep in plugin["command"]:
        found["exec"] = {**plugin, "command": str(folder.absolute() / plugin["command"])}
    return found


def _in_cluster(environment: Mapping[str, str]) -> Access | None:
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT")
    token = SERVICE_ACCOUNT / "token"
    if not host or not port or not token.is_file():
        return None
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    space = SERVICE_ACCOUNT / "namespace"
    return Access(
        context="",
        server=server,
        namespace=space.read_text("utf-8").strip() if space.is_file() else "default",
        cluster={"server": server, "certificate-authority": str(SERVICE_ACCOUNT / "ca.crt")},
        user={"tokenFile": str(token)},
    )


def _known(contexts: Mapping[str, Any]) -> str:
    if not contexts:
        return _("there are none")
    return _("there are: {names}").format(names=", ".join(sorted(contexts)[:8]))


def _nearest(name: str, contexts: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, contexts, n=3, cutoff=0.5)
    return _("did you mean {names}?").format(names=_(" or ").join(near)).rstrip("?") if near else _known(contexts)
