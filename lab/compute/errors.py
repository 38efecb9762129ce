"""Errors in the words and the JSON that Google's Compute API uses."""

from __future__ import annotations

from lab.store import Object

PEERING_BUSY = "There is a peering operation in progress on the local or peer network. Try again later."


class ApiError(Exception):
    """A request that is refused: HTTP `status`, Google's `reason` word, and the sentence."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message

    def body(self) -> Object:
        """The JSON body of the answer."""
        item = {"message": self.message, "domain": "global", "reason": self.reason}
        return {"error": {"code": self.status, "message": self.message, "errors": [item]}}


class OperationError(Exception):
    """An operation that was accepted and then failed: the error `code` of `Operation.error.errors[]`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def not_found(path: str) -> ApiError:
    """404 for a resource given as `projects/P/…`."""
    return ApiError(404, "notFound", f"The resource '{path}' was not found")


def exists(path: str) -> ApiError:
    """409 for a resource that is already there."""
    return ApiError(409, "alreadyExists", f"The resource '{path}' already exists")


def invalid(field: str, value: object, why: str = "") -> ApiError:
    """400 for a value that a field cannot have."""
    return ApiError(400, "invalid", f"Invalid value for field '{field}': '{value}'. {why}".rstrip())


def required(field: str) -> ApiError:
    """400 for a field or parameter that is missing."""
    return ApiError(400, "required", f"Required field '{field}' not specified")


def forbidden(permission: str, path: str) -> ApiError:
    """403 for a caller without `permission` on `projects/P/…`."""
    return ApiError(403, "forbidden", f"Required '{permission}' permission for '{path}'")


def bad_request(message: str) -> ApiError:
    """400 with a sentence of its own."""
    return ApiError(400, "badRequest", message)


def condition_not_met(field: str) -> ApiError:
    """412 for a fingerprint that is not the object's current one."""
    return ApiError(412, "conditionNotMet", f"Invalid {field}.")
