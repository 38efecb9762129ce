"""What Google refuses on account of the login or of the project that a call is charged to, and the command for it.

The permission that a call would need is not what is missing then. The words are those of Google's own refusals
(google.rpc.ErrorInfo with the reasons SERVICE_DISABLED, USER_PROJECT_DENIED and ACCESS_TOKEN_SCOPE_INSUFFICIENT).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from rules.words import _

MEMBER = "user:EMAIL"

_DISABLED = re.compile(r"has not been used in project (?P<project>\S+) before or it is disabled|SERVICE_DISABLED")
_SERVICE = re.compile(r"apis/api/(?P<service>[a-z0-9.-]+\.googleapis\.com)/")
_DENIED = re.compile(r"does not have required permission to use project (?P<project>[^\s.]+)|USER_PROJECT_DENIED")
_NO_PROJECT = re.compile(r"requires a quota project|quota project, which is not set|without a quota project")
_SCOPE = re.compile(r"insufficient authentication scopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT")


@dataclass(frozen=True)
class Refusal:
    """A cause, the command that mends it, and the permission that whoever runs it needs or grants, or ''."""

    cause: str
    command: str
    permission: str = ""


def refusal(detail: str) -> Refusal | None:
    """What `detail`, the words of a 403 of Google's, comes down to; None for a permission that is missing."""
    if _NO_PROJECT.search(detail):
        return Refusal(
            _("the Google login names no quota project"),
            "gcloud auth application-default set-quota-project PROJECT",
        )
    if _SCOPE.search(detail):
        return Refusal(
            _("the Google login was given without the scope cloud-platform"),
            "gcloud auth application-default login",
        )
    denied = _DENIED.search(detail)
    if denied is not None:
        project = denied["project"] or "PROJECT"
        role = "--role=roles/serviceusage.serviceUsageConsumer"
        return Refusal(
            _("the Google login may not use its quota project {project}").format(project=project),
            shlex.join(("gcloud", "projects", "add-iam-policy-binding", project, f"--member={MEMBER}", role)),
            "resourcemanager.projects.setIamPolicy",
        )
    disabled = _DISABLED.search(detail)
    if disabled is not None:
        found = _SERVICE.search(detail)
        service, project = found["service"] if found else "SERVICE", disabled["project"] or "PROJECT"
        return Refusal(
            _("the API {service} is not enabled in the project {project}").format(service=service, project=project),
            shlex.join(("gcloud", "services", "enable", service, "--project", project)),
            "serviceusage.services.enable",
        )
    return None
