"""The cloud clients, imported once and one after the other, in a thread from the start of a live run.

Importing them takes about 0.3 s (Kubernetes) and 1.1 s (Compute), and importing both from two threads at once fails
now and then with half-built modules. So nobody else in this program imports them when a module is loaded, and
`requests`, which both need, comes first. Each has a lock of its own: whoever needs Kubernetes alone, as the first
probes do, never waits for Google's.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from probes.errors import NoAccessError
from rules.words import _

# Without a handler their warnings would be written over the screen.
for _name in ("google", "kubernetes", "urllib3", "websocket"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

_kubernetes_lock, _google_lock = threading.Lock(), threading.Lock()
_loaded: dict[str, SimpleNamespace] = {}
_begun = threading.Event()


def begin(*, then: Callable[[], object] = lambda: None) -> None:
    """Import all of it in a thread, once in a process, and call `then` after it, which loads what else is needed."""
    if _begun.is_set():
        return
    _begun.set()

    def work() -> None:
        with contextlib.suppress(Exception):  # it is met again by whoever needs what failed
            google()
            then()

    threading.Thread(target=work, daemon=True, name="wayhome-warmup").start()


def kubernetes() -> Any:
    """The Kubernetes client: `ApiClient`, `Configuration`, `loader`, `ConfigException`, `urllib3`, `websocket`."""
    return _once("kubernetes", _kubernetes_lock, _kubernetes)


def google() -> Any:
    """Google's modules: `auth`, `credentials`, `auth_errors`, `transport`, `compute`, `errors` and so on."""
    if "google" not in _loaded:
        kubernetes()
    return _once("google", _google_lock, _google)


def _once(name: str, lock: threading.Lock, load: Callable[[], SimpleNamespace]) -> Any:
    if name in _loaded:
        return _loaded[name]
    with lock:
        if name not in _loaded:
            with _uncollected():
                _loaded[name] = load()
        return _loaded[name]


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Import without looking for garbage, and do not look through what was imported ever after.

    A fifth of the time would go into the looking, as thousands of classes are made, and half a second more into the
    looking when the process ends.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def _google() -> SimpleNamespace:
    # Three looks for a metadata server that is not there take eight seconds.
    os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", "1")
    transport = _import("google.auth.transport.requests")
    compute = _import("google.cloud.compute_v1")
    return SimpleNamespace(
        auth=_import("google.auth"),
        credentials=_import("google.auth.credentials"),
        auth_errors=_import("google.auth.exceptions"),
        transport=transport,
        compute=compute,
        errors=_import("google.api_core.exceptions"),
        options=_import("google.api_core.client_options"),
        requests=_import("requests"),
        to_dict=_import("google.protobuf.json_format").MessageToDict,
        parse_error=_import("google.protobuf.json_format").ParseError,
    )


def _kubernetes() -> SimpleNamespace:
    _import("requests")
    client = _import("kubernetes.client")
    config = _import("kubernetes.config.kube_config")
    return SimpleNamespace(
        ApiClient=client.ApiClient,
        Configuration=client.Configuration,
        loader=config.KubeConfigLoader,
        ConfigException=_import("kubernetes.config.config_exception").ConfigException,
        urllib3=_import("urllib3"),
        websocket=_import("websocket"),
    )


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NoAccessError(
            _("The client library {name} cannot be loaded ({error}); install wayhome again.").format(
                name=name, error=error
            )
        ) from error
