"""Google's 403s that are about the caller's own project and login, with their google.rpc.ErrorInfo."""

from __future__ import annotations

from typing import Any

PROJECT, NUMBER = "quota-project", "123456789012"
_QUOTA = "https://cloud.google.com/docs/authentication/adc-troubleshooting/user-creds"
_CONSOLE = "https://console.developers.google.com"

NAMES = {
    "403-quota-project": (
        "SERVICE_DISABLED",
        "Your application is authenticating by using local Application Default Credentials. The {service} API requires "
        f"a quota project, which is not set by default. To learn how to set your quota project, see {_QUOTA} .",
    ),
    "403-user-project": (
        "USER_PROJECT_DENIED",
        f"Caller does not have required permission to use project {PROJECT}. Grant the caller the "
        "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, "
        f"by visiting {_CONSOLE}/iam-admin/iam/project?project={PROJECT} and then retry. Propagation of the new "
        "permission may take a few minutes.",
    ),
    "403-api-disabled": (
        "SERVICE_DISABLED",
        f"{{title}} has not been used in project {NUMBER} before or it is disabled. Enable it by visiting "
        f"{_CONSOLE}/apis/api/{{service}}/overview?project={NUMBER} then retry. If you enabled this API recently, wait "
        "a few minutes for the action to propagate to our systems and retry.",
    ),
    "403-scope": ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "Request had insufficient authentication scopes."),
}
_TITLES = {"compute": "Compute Engine API", "container": "Kubernetes Engine API"}


def body(name: str, call: str) -> dict[str, Any]:
    """The JSON of the refusal `name` (of NAMES) of `call`."""
    reason, message = NAMES[name]
    api = call.partition(".")[0]
    service = f"{api}.googleapis.com"
    said = message.format(service=service, title=_TITLES.get(api, f"{api} API"))
    number = PROJECT if name == "403-user-project" else NUMBER
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": service, "consumer": f"projects/{number}"},
    }
    errors = [{"message": said, "domain": "usageLimits", "reason": "accessNotConfigured"}]
    return {"error": {"code": 403, "message": said, "errors": errors, "status": "PERMISSION_DENIED", "details": [info]}}
