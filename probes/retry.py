"""Asks again where that is of use: a read that a server, for the moment, could not answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from probes.errors import CallError

T = TypeVar("T")

PAUSES = (0.2, 0.6)
PASSING = (429, 500, 502, 503)


def patiently(call: Callable[[], T], until: float) -> T:
    """Do `call`, which changes nothing, at most len(PAUSES) times more, and never past the monotonic time `until`.

    A server's Retry-After is honoured where it ends before that; raises the last CallError.
    """
    for pause in PAUSES:
        try:
            return call()
        except CallError as error:
            if error.status not in PASSING and error.kind != "reset":
                raise
            wait = pause if error.retry_after is None else error.retry_after
            if wait >= until - time.monotonic():
                raise
        time.sleep(wait)
    return call()
