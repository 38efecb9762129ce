"""The command that grants a missing right: the narrowest role that holds it.

Kubernetes words a refusal so that user, verb, resource and namespace can be read off it (the API server's authorizer).
Of Google's predefined roles those are named that hold a permission and little besides (IAM roles reference); where
only wide ones do, a role of its own is made.
"""

from __future__ import annotations

import re
import shlex

from rules import consumer
from rules.snapshot import Gap

USER, MEMBER = "USER", consumer.MEMBER

_REFUSED = re.compile(
    r'User "(?P<user>[^"]+)" cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)" '
    r'(?:in the namespace "(?P<space>[^"]*)"|at the cluster scope)'
)
_ROLES = {
    "container.clusters.get": "roles/container.clusterViewer",
    "compute.instances.getEffectiveFirewalls": "",
    "compute.networks.updatePeering": "",
}
_NETWORK = re.compile(
    r"compute\.(networks|subnetworks|routes|routers|instances|forwardingRules|firewalls|regions|zones)\."
    r"(get|list|listPeeringRoutes|getEffectiveFirewalls)"
)
_SERVICE_ACCOUNT = "system:serviceaccount:"


def for_gap(gap: Gap) -> str:
    """What opens a gap; '' where no right is missing."""
    if gap.why != "forbidden":
        return ""
    charged = consumer.refusal(gap.detail)
    if charged is not None:
        return charged.command
    return refused(gap.detail) or (google(gap.of.partition("/")[0], gap.permission) if "." in gap.permission else "")


def refused(detail: str) -> str:
    """What lifts a refusal that the Kubernetes API worded; '' for other words."""
    found = _REFUSED.search(detail)
    if found is None:
        return ""
    resource = f"{found['resource']}.{found['group']}" if found["group"] else found["resource"]
    return kubernetes(found["verb"], resource, found["space"] or "", found["user"])


def permission(detail: str) -> str:
    """The right that a refusal of the Kubernetes API names, as in `create pods/exec`; '' for other words."""
    found = _REFUSED.search(detail)
    return f"{found['verb']} {found['resource']}" if found else ""


def kubernetes(verb: str, resource: str, namespace: str = "", user: str = USER) -> str:
    """A role for one verb on one resource (`daemonsets.apps`, `pods/exec`), and its binding; '' is cluster scope.

    Commands in pods are started by a GET or a POST, depending on client and server: `pods/exec` needs both verbs.
    """
    verbs = "get,create" if resource in ("pods/exec", "pods/attach") else verb
    name = "wayhome-" + re.sub(r"[^a-z0-9]+", "-", f"{verbs}-{resource}")
    kind, where = ("role", ("-n", namespace)) if namespace else ("clusterrole", ())
    who = ("--user", user)
    if user.startswith(_SERVICE_ACCOUNT):
        who = ("--serviceaccount", user.removeprefix(_SERVICE_ACCOUNT))
    role = ("kubectl", "create", kind, name, f"--verb={verbs}", f"--resource={resource}", *where)
    binding = ("kubectl", "create", f"{kind}binding", name, f"--{kind}={name}", *who, *where)
    return f"{shlex.join(role)} && {shlex.join(binding)}"


def google(project: str, permission: str) -> str:
    """A role that holds the permission, bound in the project."""
    role = _ROLES.get(permission, "roles/compute.networkViewer" if _NETWORK.fullmatch(permission) else "")
    made = ""
    if not role:
        name = "wayhome." + re.sub(r"[^A-Za-z0-9]+", "_", permission)
        role = f"projects/{project}/roles/{name}"
        create = ("gcloud", "iam", "roles", "create", name, "--project", project, "--permissions", permission)
        made = shlex.join(create) + " && "
    words = ("gcloud", "projects", "add-iam-policy-binding", project, f"--member={MEMBER}", f"--role={role}")
    return made + shlex.join(words)
