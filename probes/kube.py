"""Kubernetes as raw JSON: one request at a time, with a deadline, a size limit and paging.

It rests on what kubernetes 35 to 37 have in common: the client's configuration, its TLS and proxy settings, and its
connection pool. Typed models are left out: they cost seconds on big clusters and refuse a whole list for one odd pod.
"""

from __future__ import annotations

import errno
import json
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import quote, urlencode

from probes import login, mend, network, patience, retry, shape, tasks, warmup
from probes.errors import (
    CallError,
    ContextError,
    ProbeError,
    from_status,
)
from probes.kubeconfig import Access
from rules.words import _

SECONDS = 10.0
CONNECT_SECONDS = 5.0
PAGE = 500
MAX_PAGES = 400
MAX_BYTES = 256 * 1024 * 1024

Object = dict[str, Any]


class Kube:
    """One cluster. Reading is `get` and `list`; `send` is for `probes.write` alone."""

    def __init__(self, access: Access) -> None:
        """Prepare the client; raises LoginError or ContextError. Nothing is sent yet."""
        self.access = access
        self._modules = warmup.kubernetes()
        self._lock = threading.Lock()
        self._configure()

    def _configure(self) -> None:
        modules = self._modules
        config = {
            "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "clusters": [{"name": "it", "cluster": dict(self.access.cluster)}],
            "users": [{"name": "it", "user": login.user(self.access)}],
        }
        configuration = modules.Configuration()
        try:
            modules.loader(config, active_context="it", config_base_path="").load_and_set(configuration)
        except Exception as error:
            if _lacks_room(error):
                raise ContextError(
                    _(
                        "The Kubernetes client keeps certificates in a temporary file, and none can be made "
                        "({reason}); make room, or name another folder in TMPDIR."
                    ).format(reason=_reason(error))
                ) from error
            raise ContextError(
                _("The kubeconfig's context {name!r} cannot be used ({error}); {remedy}.").format(
                    name=self.access.context,
                    error=_reason(error),
                    remedy=mend.fetch(self.access),
                )
            ) from error
        configuration.retries = False
        configuration.connection_pool_maxsize = 16
        try:
            self.client = modules.ApiClient(configuration)
        except Exception as error:
            raise ContextError(
                _("The certificates of context {name!r} cannot be used ({error}); {remedy}.").format(
                    name=self.access.context, error=error, remedy=mend.fetch(self.access)
                )
            ) from error
        self.configuration = configuration

    def headers(self) -> dict[str, str]:
        """Headers that carry the login."""
        settings = cast(Mapping[str, Mapping[str, Any]], self.configuration.auth_settings())
        found = {str(one["key"]): str(one["value"]) for one in settings.values() if one.get("value")}
        return {**found, "User-Agent": "wayhome"}

    def get(self, path: str, query: Mapping[str, Any] | None = None, seconds: float = SECONDS) -> Object:
        """GET one object, or a list of them as it comes. Raises CallError."""
        found = self.send("GET", path, query, seconds=seconds)
        if "items" not in found:
            shape.named(found)
        return found

    def list(self, path: str, query: Mapping[str, Any] | None = None, seconds: float = SECONDS) -> Object:
        """GET a whole list, page by page, as one list object without the last page's leftovers. Raises CallError."""
        until = time.monotonic() + patience.times(seconds)
        question = {"limit": PAGE, **(query or {})}
        items: list[Any] = []
        restarted = False
        for _page in range(MAX_PAGES):
            try:
                page = self._send("GET", path, question, None, "", until)
            except CallError as error:
                if error.status != 410 or restarted:
                    raise
                restarted, items = True, []
                question.pop("continue", None)
                question.pop("limit")
                continue
            found = page.get("items")
            if found is not None and not isinstance(found, list):
                raise shape.odd("items")
            kind = {"kind": str(page.get("kind", "")).removesuffix("List")}
            for item in found or ():
                shape.kubernetes({**kind, **item} if isinstance(item, dict) else item)
                shape.named(item)
            items.extend(found or [])
            metadata = page.get("metadata")
            following = metadata.get("continue") if isinstance(metadata, dict) else None
            if not following:
                return {**page, "items": items}
            if following == question.get("continue"):
                raise CallError("error", tasks.same_page())
            question["continue"] = following
        raise CallError("error", tasks.too_many(MAX_PAGES))

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        *,
        content_type: str = "application/json",
        seconds: float = SECONDS,
    ) -> Object:
        """Send one request and return its JSON object. An expired plugin token is renewed once. Raises CallError."""
        return self._send(method, path, query, body, content_type, time.monotonic() + patience.times(seconds))

    def _send(
        self, method: str, path: str, query: Mapping[str, Any] | None, body: Any, content_type: str, until: float
    ) -> Object:
        used = self.client

        def once() -> Object:
            return self._once(method, path, query, body, content_type, until)

        def call() -> Object:
            return retry.patiently(once, until) if method == "GET" else once()

        try:
            return call()
        except CallError as error:
            if error.status == 401 and self._renewed(used):
                return call()
            raise

    def _renewed(self, used: Any) -> bool:
        if not isinstance(self.access.user.get("exec"), Mapping):
            return False
        with self._lock:
            if self.client is used:
                try:
                    self._configure()
                except ProbeError:
                    return False
            return True

    def _once(
        self, method: str, path: str, query: Mapping[str, Any] | None, body: Any, content_type: str, until: float
    ) -> Object:
        urllib3 = self._modules.urllib3
        url = self.access.server + path + (f"?{urlencode(query, doseq=True)}" if query else "")
        headers = {**self.headers(), "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        seconds = tasks.left(until)
        response = None
        try:
            response = self.client.rest_client.pool_manager.request(
                method,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body),
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
                preload_content=False,
                retries=False,
                redirect=False,
            )
            data = _read(response, until)
        except urllib3.exceptions.HTTPError as error:
            raise network.error_of(error) from error
        except OSError as error:
            raise network.error_of(error) from error
        finally:
            if response is not None:
                response.release_conn()
        return _decode(response.status, response.headers, data)

    def close(self) -> None:
        """Let go of connections."""
        self.client.rest_client.pool_manager.clear()


def _lacks_room(error: Exception) -> bool:
    """Whether no temporary file can be made: a full disk, or a folder that takes no files."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and (error.errno in full or "temporary directory" in str(error))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _read(response: Any, until: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.stream(1 << 16, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            response.close()
            raise CallError("error", _("the answer is larger than 256 MiB"))
        if time.monotonic() > until:
            response.close()
            raise CallError("timeout", _("no answer in time"))
    return b"".join(parts)


def _decode(status: int, headers: Mapping[str, str], data: bytes) -> Object:
    try:
        answer = json.loads(data) if data else None
    except (ValueError, RecursionError):
        answer = None
    if not 200 <= status < 300:
        message = answer.get("message") if isinstance(answer, dict) else None
        text = message if isinstance(message, str) else ""
        if not isinstance(answer, dict):
            page = data.lstrip()[:1] == b"<"
            text = (
                _("HTTP {status} and a web page").format(status=status)
                if page
                else data[:300].decode("utf-8", "replace")
            )
        if 300 <= status < 400:
            raise redirected(status, headers.get("Location"))
        raise from_status(status, text, retry_after(headers))
    if not isinstance(answer, dict):
        raise CallError("error", no_object(data), status=status)
    shape.kubernetes(answer)
    return answer


def redirected(status: int, where: str | None) -> CallError:
    """The failure of a call that was sent elsewhere: the login is for the server that was asked alone."""
    said = _("redirected to {where}: a proxy or a sign-in page stands between")
    return CallError("error", said.format(where=where or "?"), status=status)


def no_object(data: bytes) -> str:
    """What `data`, an answer that is no JSON object, is instead."""
    start = data[:200].lstrip().lower()
    if not start:
        return _("the answer is empty")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return _("the answer is a web page; a proxy or a sign-in page stands between")
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return _("the answer is JSON that is not complete") if start[:1] in b"{[" else _("the answer is no JSON")
    return _("the answer is JSON, but no object")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, given as a number or as a time; None where there is none."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def path(group: str, plural: str, namespace: str = "", name: str = "") -> str:
    """The path of a collection or an object; `group` is `v1` or `apps/v1` and the like."""
    parts = ["/api" if group == "v1" else "/apis", group]
    if namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(plural)
    if name:
        parts.append(quote(name, safe=""))
    return "/".join(parts)
