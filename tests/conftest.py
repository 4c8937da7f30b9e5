"""For all tests: what services and browsers they get, how random ones are run, and the seed of a run.

The kit is imported by the fixtures that need it, so that a test of one small function does not load a service.

The seed is printed and can be given.

No single example has a deadline, since machines are slow and noisy and no rule is about time. Examples that failed are
not kept: a run depends on its seed alone. `make test ARGS=--hypothesis-seed=7` runs with the seed that a header named;
what fails also prints a line `@reproduce_failure(...)`. Every other random source of a test has a seed of its own in
the test. Health checks that a seed can fail by chance are off.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.kit.app import Start
    from tests.kit.dashboard import SignedIn
    from tests.kit.process import Service

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


@pytest.fixture(scope="session")
def countries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped database of countries, unpacked once: that takes 0.5 s."""
    from counter.collect.places.geo import Geo

    folder = tmp_path_factory.mktemp("countries")
    Geo.open(None, folder).close()
    return folder / "geo"


@pytest.fixture
async def start(tmp_path: Path, countries: Path) -> AsyncIterator[Start]:
    """`await start(section={...})` starts a service in this process; `await stop(counter)` or the test's end stops it.

    A second start in the same test finds the same data: it is a restart. `dashboard=True` mounts the admins' pages.
    """
    from tests.kit.app import starting

    async with starting(tmp_path, countries) as begin:
        yield begin


@pytest.fixture
def signed_in() -> SignedIn:
    """`await signed_in(counter, login, role, site)`: a session, without the time that a password takes."""
    from tests.kit import dashboard

    return dashboard.signed_in


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from tests.kit.chromium import launched

    with launched() as running:
        yield running


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service process of its own for each test, in a zone where it is noon."""
    from tests.kit.process import Home, Service, noon_zone

    with Service(Home(tmp_path, zone=noon_zone())) as running:
        yield running


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service process for tests that do not look at its numbers. It has a record day."""
    from tests.kit.process import Home, Service, noon_zone

    with Service(Home(tmp_path_factory.mktemp("shared"), zone=noon_zone())) as running:
        running.hit()
        yield running
