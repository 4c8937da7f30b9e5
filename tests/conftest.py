"""For all tests: no deadline on a single example, since machines are slow and noisy and no rule is about time."""

from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
