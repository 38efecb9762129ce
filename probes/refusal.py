"""The failure of the first call to a cluster, as a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from probes import mend, network
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
            ).format(server=server, context=access.context, command=mend.log_in(access))
        )
    if error.why == "forbidden":
        sentence = _("You may not {doing} ({said}); ask the cluster's admin for the permission {permission}.").format(
            doing=doing, said=said, permission=permission
        )
        grant = grants.refused(error.detail)
        granting = _("This grants it: {command}").format(command=grant) if grant else ""
        return ForbiddenError(f"{sentence} {granting}".rstrip())
    if error.kind in _NETWORK:
        return UnreachableError(_NETWORK[error.kind](access, said))
    if error.why == "timeout" or error.kind == "unreachable":
        return UnreachableError(_silent(access, said))
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


def _refused(access: Access, _said: str) -> str:
    if mend.loopback(access.server):
        return _(
            "Nothing listens at {server}: the lab is not running; start it with `wayhome lab start article`, or "
            "choose another context with --context."
        ).format(server=access.server)
    return _(
        "Nothing listens at {server} (connection refused); is the context {context!r} the one you mean? "
        "`kubectl config get-contexts` shows all; if the cluster was made anew, {remedy}."
    ).format(server=access.server, context=access.context, remedy=mend.fetch(access))


def _unknown_name(access: Access, said: str) -> str:
    return _("The name in {server} is not known ({said}); check the context, and your network or VPN.").format(
        server=access.server, said=said
    )


def _silent(access: Access, said: str) -> str:
    through = mend.get_credentials(access, "--dns-endpoint")
    more = _("; where the cluster has a DNS endpoint, `{command}` goes around").format(command=through)
    return _(
        "{server} does not answer ({said}); a private control plane is reached from its own network, through "
        "a VPN or from a bastion, and from authorized networks alone: connect there and try again{more}."
    ).format(server=access.server, said=said, more=more if through else "")


def _proxied(access: Access, said: str) -> str:
    own = str(access.cluster.get("proxy-url") or "")
    server, through = access.server, network.proxy(access.server, own)
    if own:
        return _(
            "{server} is asked through the proxy {proxy}, which the kubeconfig names (proxy-url), and {said}; mend "
            "proxy-url there: `kubectl config view --minify` shows it."
        ).format(server=server, proxy=through, said=said)
    return _(
        "{server} is asked through the proxy {proxy}, which the environment names (HTTPS_PROXY), and {said}; mend it, "
        "or go around it with `export NO_PROXY={host}`."
    ).format(server=server, proxy=through, said=said, host=urlsplit(server).hostname)


def _untrusted(access: Access, said: str) -> str:
    return _(
        "The server at {server} is not trusted: {said}. If the cluster was made anew or its certificates were "
        "rotated, {remedy}."
    ).format(server=access.server, said=said, remedy=mend.fetch(access))


def _unknown_authority(access: Access, said: str) -> str:
    return _("{sentence} If a proxy that reads TLS stands between, `export NO_PROXY={host}` goes around it.").format(
        sentence=_untrusted(access, said), host=urlsplit(access.server).hostname
    )


def _expired(access: Access, said: str) -> str:
    return _(
        "The server at {server} is not trusted: {said}. Look whether this machine's clock is right (`date -u`); if "
        "it is, the cluster's admin has to renew the certificate."
    ).format(server=access.server, said=said)


def _client_certificate(access: Access, said: str) -> str:
    return _("The server at {server} does not let context {context!r} in: {said}; {remedy}.").format(
        server=access.server, context=access.context, said=said, remedy=mend.fetch(access)
    )


def _plain(access: Access, said: str) -> str:
    return _(
        "What answers at {server} is no Kubernetes API over TLS ({said}); check that the context {context!r} is the "
        "one you mean: `kubectl config view --minify` shows it."
    ).format(server=access.server, said=said, context=access.context)


_NETWORK: Mapping[str, Callable[[Access, str], str]] = {
    "refused": _refused,
    "dns": _unknown_name,
    "proxy": _proxied,
    "tls": _untrusted,
    "tls-name": _untrusted,
    "tls-file": _untrusted,
    "tls-authority": _unknown_authority,
    "tls-expired": _expired,
    "tls-early": _expired,
    "tls-client": _client_certificate,
    "tls-plain": _plain,
}
