"""Who is asking, and what they may do. Rules are RBAC's: they only ever allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.kube.status import StatusError


@dataclass(frozen=True)
class Rule:
    """What is allowed; "*" stands for anything. `namespace` None is every namespace and the cluster scope.

    `resources` are plurals, `pods/exec` for a subresource; `names` () is every name;
    `paths` are URL paths that are no resource, with `*` at the end.
    """

    verbs: tuple[str, ...] = ("*",)
    groups: tuple[str, ...] = ("*",)
    resources: tuple[str, ...] = ("*",)
    names: tuple[str, ...] = ()
    namespace: str | None = None
    paths: tuple[str, ...] = ()

    def allows(self, wish: Wish) -> bool:
        """Is `wish` covered by this rule?"""
        return (
            _among(self.verbs, wish.verb)
            and _among(self.groups, wish.group)
            and self._resource(wish)
            and (not self.names or wish.name in self.names)
            and self.namespace in (None, wish.namespace)
        )

    def allows_path(self, verb: str, path: str) -> bool:
        """Is the URL path, which is no resource, covered by this rule?"""
        return _among(self.verbs, verb) and any(
            pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))
            for pattern in self.paths
        )

    def _resource(self, wish: Wish) -> bool:
        if not wish.subresource:
            return _among(self.resources, wish.resource)
        whole = f"{wish.resource}/{wish.subresource}"
        return any(pattern in ("*", whole, f"*/{wish.subresource}") for pattern in self.resources)


EVERYTHING = Rule(paths=("*",))
DISCOVERY = Rule(verbs=("get",), groups=(), resources=(), paths=("/api", "/api/*", "/apis", "/apis/*", "/openapi/*"))
SELF_REVIEWS = (
    Rule(
        verbs=("create",),
        groups=("authorization.k8s.io",),
        resources=("selfsubjectaccessreviews", "selfsubjectrulesreviews"),
    ),
    Rule(verbs=("create",), groups=("authentication.k8s.io",), resources=("selfsubjectreviews",)),
)
PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version")


@dataclass(frozen=True)
class Wish:
    """One thing somebody wants to do to a resource; `namespace` "" is the cluster scope (or all namespaces)."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True)
class User:
    """A user's name, groups and rules; every user may discover the API and ask about themselves."""

    name: str
    rules: tuple[Rule, ...] = (EVERYTHING,)
    groups: tuple[str, ...] = ("system:authenticated",)

    def allowed(self, wish: Wish) -> bool:
        """May this user do it?"""
        return any(rule.allows(wish) for rule in (*self.rules, *SELF_REVIEWS))

    def allowed_path(self, verb: str, path: str) -> bool:
        """May this user read that URL path?"""
        if path.split("/")[1] in {name[1:] for name in PUBLIC_PATHS}:
            return True
        return any(rule.allows_path(verb, path) for rule in (*self.rules, DISCOVERY))


def _among(allowed: tuple[str, ...], value: str) -> bool:
    return "*" in allowed or value in allowed


def denied(user: User, wish: Wish) -> StatusError:
    """The 403 that the API server's authorizer words."""
    qualified = f"{wish.resource}.{wish.group}" if wish.group else wish.resource
    subject = f'{qualified} "{wish.name}"' if wish.name else qualified
    resource = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
    scope = f'in the namespace "{wish.namespace}"' if wish.namespace else "at the cluster scope"
    message = (
        f'{subject} is forbidden: User "{user.name}" cannot {wish.verb} resource "{resource}" '
        f'in API group "{wish.group}" {scope}'
    )
    details = {
        **({"name": wish.name} if wish.name else {}),
        **({"group": wish.group} if wish.group else {}),
        "kind": wish.resource,
    }
    return StatusError(403, "Forbidden", message, details)


def denied_path(user: User, verb: str, path: str) -> StatusError:
    """The 403 for a URL path that is no resource."""
    return StatusError(403, "Forbidden", f'forbidden: User "{user.name}" cannot {verb} path "{path}"')


def access_review(user: User, body: dict[str, Any]) -> dict[str, Any]:
    """A SelfSubjectAccessReview answered."""
    spec = body.get("spec") or {}
    resource = spec.get("resourceAttributes")
    path = spec.get("nonResourceAttributes")
    if (resource is None) == (path is None):
        raise StatusError(
            422,
            "Invalid",
            'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: '
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )
    if resource is not None:
        allowed = user.allowed(
            Wish(
                resource.get("verb", ""),
                resource.get("group", ""),
                resource.get("resource", ""),
                resource.get("subresource", ""),
                resource.get("namespace", ""),
                resource.get("name", ""),
            )
        )
    else:
        allowed = user.allowed_path((path or {}).get("verb", ""), (path or {}).get("path", "") or "/")
    status: dict[str, Any] = {"allowed": allowed}
    if allowed:
        status["reason"] = "RBAC: allowed by the rules of the lab's user"
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": spec,
        "status": status,
    }


def rules_review(user: User, body: dict[str, Any]) -> dict[str, Any]:
    """A SelfSubjectRulesReview answered: every rule that counts in the namespace asked about."""
    namespace = (body.get("spec") or {}).get("namespace", "")
    resources: list[dict[str, Any]] = []
    paths: list[dict[str, Any]] = []
    for rule in (*user.rules, *SELF_REVIEWS, DISCOVERY):
        if rule.resources and rule.namespace in (None, namespace):
            entry = {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)}
            resources.append({**entry, "resourceNames": list(rule.names)} if rule.names else entry)
        if rule.paths:
            paths.append({"verbs": list(rule.verbs), "nonResourceURLs": list(rule.paths)})
    return {
        "kind": "SelfSubjectRulesReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": {},
        "status": {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False},
    }


def self_review(user: User) -> dict[str, Any]:
    """A SelfSubjectReview answered (`kubectl auth whoami`)."""
    return {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {},
        "status": {"userInfo": {"username": user.name, "groups": list(user.groups)}},
    }
