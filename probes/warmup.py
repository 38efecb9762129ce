"""The cloud clients, imported once, one after the other, behind one lock.

Importing them takes about 0.3 s (Kubernetes) and 1.1 s (Compute), and importing both from two threads at once fails
now and then with half-built modules. So nobody else in this program imports them when a module is loaded, and
`requests`, which both need, comes first.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
from types import SimpleNamespace
from typing import Any

from probes.errors import NoAccessError
from rules.words import _

# Without a handler their warnings would be written over the screen.
for _name in ("google", "kubernetes", "urllib3", "websocket"):
    logging.getLogger(_name).addHandler(logging.NullHandler())

_lock = threading.Lock()
_loaded: dict[str, SimpleNamespace] = {}


def kubernetes() -> Any:
    """The Kubernetes client: `ApiClient`, `Configuration`, `loader`, `ConfigException`, `urllib3`, `websocket`."""
    if "kubernetes" in _loaded:  # not behind the lock: Google's import holds it for a second
        return _loaded["kubernetes"]
    with _lock:
        return _kubernetes()


def google() -> Any:
    """Google's modules: `auth`, `credentials`, `auth_errors`, `transport`, `compute`, `errors` and so on."""
    if "google" in _loaded:
        return _loaded["google"]
    with _lock:
        if "google" not in _loaded:
            _kubernetes()
            # Three looks for a metadata server that is not there take eight seconds.
            os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", "1")
            transport = _import("google.auth.transport.requests")
            compute = _import("google.cloud.compute_v1")
            _loaded["google"] = SimpleNamespace(
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
        return _loaded["google"]


def _kubernetes() -> SimpleNamespace:
    if "kubernetes" not in _loaded:
        _import("requests")
        client = _import("kubernetes.client")
        config = _import("kubernetes.config.kube_config")
        _loaded["kubernetes"] = SimpleNamespace(
            ApiClient=client.ApiClient,
            Configuration=client.Configuration,
            loader=config.KubeConfigLoader,
            ConfigException=_import("kubernetes.config.config_exception").ConfigException,
            urllib3=_import("urllib3"),
            websocket=_import("websocket"),
        )
    return _loaded["kubernetes"]


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NoAccessError(
            _("The client library {name} cannot be loaded ({error}); install wayhome again.").format(
                name=name, error=error
            )
        ) from error
