"""Google's login and endpoints: a lab's endpoint asks for no login, otherwise Application Default Credentials."""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import Mapping
from typing import Any

from probes import kube, network, shape, warmup
from probes.errors import CallError, LoginError, from_status
from rules import consumer
from rules.words import _

COMPUTE = "WAYHOME_COMPUTE_ENDPOINT"
CONTAINER = "WAYHOME_CONTAINER_ENDPOINT"
CONNECTIVITY = "WAYHOME_NETWORKCONNECTIVITY_ENDPOINT"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"

# Google's client puts the request before what the server said.
_CALL = re.compile(r"^[A-Z]+ https?://\S+: ")
_PERMISSION = re.compile(r"['\"]([a-z]+(?:\.[A-Za-z]+){2,})['\"] permission")


def endpoint(variable: str) -> str | None:
    """The lab's endpoint for one API, or None for Google's own."""
    return os.environ.get(variable, "").rstrip("/") or None


class Login:
    """Finds and refreshes Application Default Credentials once, for all clients."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Any = None

    def credentials(self, variable: str) -> Any:
        """Credentials for the API whose endpoint `variable` names. Raises CallError(login)."""
        google = warmup.google()
        if endpoint(variable):
            return google.credentials.AnonymousCredentials()
        with self._lock:
            if self._found is None:
                self._found = self._find(google)
            return self._found

    def _find(self, google: Any) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found, _project = google.auth.default(scopes=[SCOPE])
            found.refresh(google.transport.Request())
        except Exception as error:
            raise failure(error) from error
        return found


def session(login: Login, variable: str) -> Any:
    """An HTTP session that carries the login; on a lab's endpoint it never goes through a proxy."""
    google = warmup.google()
    made = google.transport.AuthorizedSession(login.credentials(variable))
    if endpoint(variable):
        made.trust_env = False
    return made


def failure(error: Exception) -> CallError:
    """Any exception of Google's libraries as a CallError."""
    google = warmup.google()
    if isinstance(error, CallError):
        return error
    if isinstance(error, google.errors.GoogleAPICallError):
        headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
        message = _CALL.sub("", str(error.message))
        found = from_status(int(error.code or 0), message, kube.retry_after(headers))
        found.permission = permission(found.detail)
        reason = str(error.reason or "")
        if consumer.refusal(found.detail) is None and consumer.refusal(reason) is not None:
            found.detail = f"{found.detail} ({reason})"
        return found
    if isinstance(error, google.auth_errors.TransportError):
        inner = error.args[0] if error.args else None
        return network.error_of(inner if isinstance(inner, BaseException) else error)
    if isinstance(error, google.auth_errors.InvalidOperation):  # it would log in again, and has nothing to do so with
        return CallError("login", "the server asks for a login, and there is none to give", status=401)
    if isinstance(error, google.auth_errors.GoogleAuthError):
        return CallError("login", str(error.args[0]) if error.args else str(error), status=401)
    if isinstance(error, google.requests.exceptions.RequestException | OSError):
        return network.error_of(error)
    if isinstance(error, google.parse_error):
        return shape.odd(_field(str(error)))
    return CallError("error", f"{type(error).__name__}: {error}")


def whole(response: Any, **_options: object) -> None:
    """A hook of requests: a good answer is a JSON object. Raises CallError for anything else."""
    if 300 <= response.status_code < 400:
        response.close()
        raise kube.redirected(response.status_code, response.headers.get("Location"))
    if response.ok and response.status_code != 204:
        text = response.content.strip()
        if not (text.startswith(b"{") and text.endswith(b"}")):
            response.close()
            raise CallError("error", kube.no_object(text))


def _field(message: str) -> str:
    """The names of the fields that protobuf's conversion stumbled over."""
    return ".".join(re.findall(r"Failed to parse (\w+) field", message)) or "items"


def permission(message: str) -> str:
    """The permission that an error message of Google's names, or ''."""
    found = _PERMISSION.search(message)
    return found.group(1) if found else ""


def refusal(error: CallError) -> LoginError:
    """A Google login that is missing, expired, or lets nothing be read, as a sentence that says what to do."""
    said = " ".join(error.detail.split())
    charged = consumer.refusal(said) if error.why == "forbidden" else None
    if charged is not None:
        return LoginError(_charged(charged))
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return LoginError(
            _(
                "The Google login in {path}, which GOOGLE_APPLICATION_CREDENTIALS names, cannot be used ({said}); name "
                "another file, or run `unset GOOGLE_APPLICATION_CREDENTIALS` and `{command}`."
            ).format(path=named, said=said[:200].rstrip("."), command="gcloud auth application-default login")
        )
    if "default credentials were not found" in said or "automatically determine" in said:
        return LoginError(
            _("There is no Google login on this machine; run `gcloud auth application-default login` and try again.")
        )
    return LoginError(
        _(
            "The Google login has expired or is not accepted ({said}); run `gcloud auth application-default login` and "
            "try again."
        ).format(said=said[:200])
    )


def _charged(charged: consumer.Refusal) -> str:
    sentence = _("Nothing can be read from Google: {cause}; run `{command}` and try again.").format(
        cause=charged.cause, command=charged.command
    )
    if not charged.permission:
        return sentence
    more = _("It needs {permission}; without it, charge another project: `{command}`.").format(
        permission=charged.permission, command="gcloud auth application-default set-quota-project PROJECT"
    )
    return f"{sentence} {more}"
