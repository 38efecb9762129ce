"""The commands that mend an access to a cluster, as a person would type them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePath

from probes.kubeconfig import Access
from rules.words import _

PLUGIN = "gke-gcloud-auth-plugin"


def log_in(access: Access) -> str:
    """The command that renews the login of this context."""
    plugin = access.user.get("exec")
    command = str(plugin.get("command")) if isinstance(plugin, Mapping) else ""
    if of_google(command) or access.context.startswith("gke_"):
        return "gcloud auth login"
    if loopback(access.server):
        return 'eval "$(wayhome lab env)"'
    return by_hand(access)


def by_hand(access: Access) -> str:
    """The kubectl command that meets the same trouble in sight of its user."""
    words = [*access.explicit]
    if access.context and "--context" not in words:
        words += ["--context", access.context]
    return shlex.join(["kubectl", *words, "get", "pods"])


def fetch(access: Access, *options: str) -> str:
    """What to do to have the cluster's credentials written anew; `options` are gcloud's."""
    if loopback(access.server) and not access.context.startswith("gke_"):
        return _("take the lab's again with `{command}`").format(command='eval "$(wayhome lab env)"')
    command = get_credentials(access, *options)
    if command:
        return _("run `{command}` and try again").format(command=command)
    return _("get the cluster's credentials again, or choose another context with --context")


def get_credentials(access: Access, *options: str) -> str:
    """gcloud's command for the cluster that the context names as gcloud does; '' for other names."""
    parts = access.context.split("_")
    if len(parts) != 4 or parts[0] != "gke":
        return ""
    words = ["gcloud", "container", "clusters", "get-credentials", parts[3], "--location", parts[2]]
    command = shlex.join([*words, "--project", parts[1], *options])
    if "--kubeconfig" in access.explicit:
        file = access.explicit[access.explicit.index("--kubeconfig") + 1]
        return f"KUBECONFIG={shlex.quote(file)} {command}"
    return command


def of_google(command: str) -> bool:
    """Whether a login plugin is gcloud or its plugin for GKE."""
    return PurePath(command).name.removesuffix(".exe") in (PLUGIN, "gcloud")


def loopback(server: str) -> bool:
    """Whether the server's address is this machine."""
    host = server.split("://")[-1].split("/")[0]
    return host.startswith(("127.", "localhost", "[::1]"))
