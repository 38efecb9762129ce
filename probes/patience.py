"""How long servers are waited for: every deadline of a read, times WAYHOME_PATIENCE."""

from __future__ import annotations

import math
import os

VARIABLE = "WAYHOME_PATIENCE"


def times(seconds: float) -> float:
    """`seconds`, longer over a slow VPN (WAYHOME_PATIENCE=3) or shorter; a value that is no number counts as 1."""
    try:
        factor = float(os.environ.get(VARIABLE) or 1)
    except ValueError:
        return seconds
    return seconds * factor if math.isfinite(factor) and factor > 0 else seconds
