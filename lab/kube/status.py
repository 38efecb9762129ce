"""Refusals as the Kubernetes API words them: every error a client sees is a `Status` object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.kube.kinds import Kind

Json = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """One wrong field of a 422: its path, the machine word (FieldValueInvalid …) and the sentence."""

    field: str
    reason: str
    message: str


@dataclass
class StatusError(Exception):
    """A refusal: HTTP `code`, `reason`, `message`, `details` as the API gives them, extra response `headers`."""

    code: int
    reason: str
    message: str
    details: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    def body(self) -> Json:
        """The Status object."""
        status: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }
        if not self.details:
            del status["details"]
        if not self.reason:
            del status["reason"]
        return status


def _details(kind: Kind, name: str = "") -> Json:
    return {
        **({"name": name} if name else {}),
        **({"group": kind.group} if kind.group else {}),
        "kind": kind.plural,
    }


def bad_request(message: str) -> StatusError:
    """400: the request cannot be understood."""
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    """401: no token, or one that nobody has."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def not_found(kind: Kind, name: str) -> StatusError:
    """404: no such object."""
    return StatusError(404, "NotFound", f'{kind.resource} "{name}" not found', _details(kind, name))


def no_resource() -> StatusError:
    """404: no such path."""
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def method_not_allowed() -> StatusError:
    """405: the path is there, the verb is not."""
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def exists(kind: Kind, name: str) -> StatusError:
    """409: create of a name that is taken."""
    return StatusError(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', _details(kind, name))


def conflict(kind: Kind, name: str, why: str | None = None) -> StatusError:
    """409: the object is no longer the one the caller saw."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return StatusError(409, "Conflict", message, _details(kind, name))


def expired(message: str) -> StatusError:
    """410: the version asked for is no longer kept."""
    return StatusError(410, "Expired", message)


def too_large(limit: int) -> StatusError:
    """413: a body over `limit` bytes."""
    return StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def unsupported_media(accepted: Sequence[str]) -> StatusError:
    """415: a body in a format nobody reads here."""
    listed = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {listed}"
    return StatusError(415, "UnsupportedMediaType", message)


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> StatusError:
    """422: fields with impossible values, each named."""
    said = [f"{cause.field}: {cause.message}" for cause in causes]
    text = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    details = {
        "name": name,
        **({"group": kind.group} if kind.group else {}),
        "kind": kind.kind,
        "causes": [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes],
    }
    qualified = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    return StatusError(422, "Invalid", f'{qualified} "{name}" is invalid: {text}', details)


def forbidden(kind: Kind, name: str, why: str) -> StatusError:
    """403 by a rule of the server, not of the user's rights."""
    subject = f'{kind.resource} "{name}"' if name else kind.resource
    return StatusError(403, "Forbidden", f"{subject} is forbidden: {why}", _details(kind, name))


def internal() -> StatusError:
    """500: a fault of the lab itself; the log has the rest."""
    return StatusError(500, "InternalError", "Internal error occurred: the lab's own log says more")
