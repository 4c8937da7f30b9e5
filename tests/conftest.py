"""For all tests: how random ones are run, and the seed of a run, which is printed and can be given.

No single example has a deadline, since machines are slow and noisy and no rule is about time. Examples that failed are
not kept: a run depends on its seed alone. `make test ARGS=--hypothesis-seed=7` runs with the seed that a header named;
what fails also prints a line `@reproduce_failure(...)`. Every other random source of a test has a seed of its own in
the test. Health checks that a seed can fail by chance are off.
"""

import random

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "any machine",
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("any machine")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before hypothesis looks for its seed, and before workers get the options."""
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.SystemRandom().getrandbits(32))


def _seed(config: pytest.Config) -> str:
    return f"random tests: --hypothesis-seed={config.option.hypothesis_seed}"


def pytest_report_header(config: pytest.Config) -> str:
    return _seed(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Once more behind failures: `-q` has no header."""
    if exitstatus == pytest.ExitCode.TESTS_FAILED:
        terminalreporter.write_line(_seed(config))
