"""The failure of the first call to a cluster, as a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping

from probes.errors import CallError, ForbiddenError, LoginError, NoAccessError, UnreachableError
from probes.kubeconfig import Access
from rules import grants
from rules.words import _


def refusal(error: CallError, access: Access, doing: str, permission: str) -> NoAccessError:
    """`doing` is what was refused, as in `read the pod default/my-pod`; `permission` what allows it."""
    server, said = access.server, " ".join(error.detail.split())[:300]
    if error.why == "login":
        return LoginError(
            _(
                "The cluster at {server} does not accept the login of context {context!r}: it is missing or has "
                "expired; run `{command}` and try again."
            ).format(server=server, context=access.context, command=_login_command(access))
        )
    if error.why == "forbidden":
        sentence = _("You may not {doing} ({said}); ask the cluster's admin for the permission {permission}.").format(
            doing=doing, said=said, permission=permission
        )
        grant = grants.refused(error.detail)
        granting = _("This grants it: {command}").format(command=grant) if grant else ""
        return ForbiddenError(f"{sentence} {granting}".rstrip())
    if error.kind == "refused" and _loopback(server):
        return UnreachableError(
            _(
                "Nothing listens at {server}: the lab is not running; start it with `wayhome lab start article`, or "
                "choose another context with --context."
            ).format(server=server)
        )
    if error.kind == "refused":
        return UnreachableError(
            _("Nothing listens at {server} (connection refused); is the context {context!r} the one you mean?").format(
                server=server, context=access.context
            )
        )
    if error.kind == "tls":
        return UnreachableError(
            _(
                "The server at {server} is not trusted ({said}); get the cluster's credentials again, or choose "
                "another context with --context."
            ).format(server=server, said=said)
        )
    if error.kind == "dns":
        return UnreachableError(
            _("The name in {server} is not known ({said}); check the context, and your network or VPN.").format(
                server=server, said=said
            )
        )
    if error.why == "timeout" or error.kind == "unreachable":
        return UnreachableError(
            _(
                "{server} does not answer ({said}); a private control plane is reached from its own network, through "
                "a VPN or from a bastion: connect there and try again."
            ).format(server=server, said=said)
        )
    if error.status == 429 or error.status >= 500:
        return UnreachableError(
            _("The API server at {server} cannot answer just now ({said}); try again in a minute.").format(
                server=server, said=said
            )
        )
    return UnreachableError(
        _("{server} does not answer as a Kubernetes API ({said}); check that the context is the one you mean.").format(
            server=server, said=said
        )
    )


def _login_command(access: Access) -> str:
    plugin = access.user.get("exec")
    command = str(plugin.get("command")) if isinstance(plugin, Mapping) else ""
    if "gcloud" in command or access.context.startswith("gke_"):
        return "gcloud auth login"
    if _loopback(access.server):
        return 'eval "$(wayhome lab env)"'
    return f"kubectl --context {access.context} get pods" if access.context else "kubectl get pods"


def _loopback(server: str) -> bool:
    host = server.split("://")[-1].split("/")[0]
    return host.startswith(("127.", "localhost", "[::1]"))
