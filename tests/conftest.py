"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# No test measures time, so that a busy machine fails none.
settings.register_profile("wayhome", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wayhome")
