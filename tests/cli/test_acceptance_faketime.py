"""The acceptance table from outside: a service whose clock `faketime` set to 2024-11-21 15:11 in Tbilisi."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.kit.chromium import host_page, lines, reader, until
from tests.kit.process import HANG, Home, Service
from tests.kit.widget_sample import TABLE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("faketime"), reason="no faketime here; on Debian: apt-get install faketime"),
]

# The clock runs on from there (@), in the zone of the process. Timers must not: asyncio waits by the monotonic clock.
CLOCK = "@2024-11-21 11:11:00"  # UTC; the site's zone is four hours ahead, so a wrong zone shows
FAKETIME = ["env", "TZ=UTC", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f", CLOCK]
# faketime is the parent of what it starts: a service must not outlive it.
COUNTER = [*FAKETIME, "setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "counter"]
HITS = 9  # visits of today that are sent; the other 700 are history
READ_AT = re.compile(r"2024-11-21 15:1\d")  # a slow machine may need some minutes
LABELS = {
    "today": "Today", "yesterday": "Yesterday", "this_week": "This week", "last_week": "Last week",
    "this_month": "This month", "last_month": "Last month", "all": "All days",
}  # fmt: skip
IN_ENGLISH = {
    "Today": "709", "Yesterday": "669", "This week": "3,949", "Last week": "3,882", "This month": "24,125",
    "Last month": "43,677", "All days": "2,506,638",
}  # fmt: skip
IN_GEORGIAN = {
    "დღეს": "709", "გუშინ": "669", "ამ კვირაში": "3\u00a0949", "გასულ კვირაში": "3\u00a0882",
    "ამ თვეში": "24\u00a0125", "გასულ თვეს": "43\u00a0677", "სულ": "2\u00a0506\u00a0638",
}  # fmt: skip
DIGITS = """[...document.getElementById("widget").shadowRoot.querySelectorAll(".vc-digit")]
  .map(reel => reel.textContent).join("")"""
SPOKEN = "document.getElementById('widget').shadowRoot.querySelector('[role=img]').getAttribute('aria-label')"
DATE = "document.getElementById('widget').shadowRoot.querySelector('.vc-date').textContent"


def history() -> str:
    """Days of a former counter that add up to the table, but for the last `HITS` visits of today."""
    days = {dt.date(2024, 11, 21): TABLE["today"] - HITS, dt.date(2024, 11, 20): TABLE["yesterday"]}
    days[dt.date(2024, 11, 18)] = TABLE["this_week"] - TABLE["today"] - TABLE["yesterday"]
    days |= {dt.date(2024, 11, day): 500 for day in range(11, 17)}
    days[dt.date(2024, 11, 17)] = TABLE["last_week"] - 6 * 500
    days[dt.date(2024, 11, 1)] = TABLE["this_month"] - TABLE["this_week"] - TABLE["last_week"]
    days |= {dt.date(2024, 10, day): 1400 for day in range(1, 31)}
    days[dt.date(2024, 10, 31)] = TABLE["last_month"] - 30 * 1400
    days[dt.date(2012, 1, 1)] = TABLE["all"] - TABLE["this_month"] - TABLE["last_month"]
    return "date,visits\n" + "".join(f"{day},{visits}\n" for day, visits in sorted(days.items()))


@contextmanager
def serving(home: Home) -> Iterator[Service]:
    with Service(home, COUNTER) as running:
        parent = running.process.pid
        child = int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])
        try:
            yield running
        finally:
            os.kill(child, signal.SIGTERM)  # faketime goes when its child has gone, and clears up
            assert running.process.wait(HANG) == 0, running.log


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = Home(tmp_path_factory.mktemp("acceptance"), zone="Asia/Tbilisi")
    (home.folder / "history.csv").write_text(history())
    with serving(home) as running:
        command = [*COUNTER, "--config", str(home.config), "import-daily", "--site", "demo", "history.csv"]
        done = subprocess.run(command, cwd=home.folder, env=home.environment, capture_output=True, timeout=HANG,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done
        for number in range(HITS - 1):
            assert running.hit(visitor=f"203.0.113.{number}").counter == "counted"
        yield running


@pytest.fixture(scope="module", autouse=True)
def georgian(service: Service, browser: Browser) -> dict[str, str]:
    """What the widget shows in Chromium to the last of today's visitors, whom its own page counts."""
    body = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Ours</title>
      <visitor-counter id="widget" data-lang="ka"></visitor-counter>
      <script async src="{service.url}/counter.js" data-site="demo"></script></html>"""
    policy = f"default-src 'none'; script-src {service.url}; connect-src {service.url}"
    with host_page(body, policy) as ours, reader(browser) as (page, seen):
        page.goto(ours)
        until(lambda: lines(page, "widget").get("დღეს"), "709")
        shown = {**lines(page, "widget"), "digits": page.evaluate(DIGITS), "spoken": page.evaluate(SPOKEN)}
        shown["date"] = page.evaluate(DATE)
        assert seen.errors == []
        return shown


def test_the_widget_in_chromium_says_it_in_georgian(georgian: dict[str, str]) -> None:
    assert {label: georgian[label] for label in IN_GEORGIAN} == IN_GEORGIAN
    assert georgian["digits"] == "2506638"
    assert "2\u00a0506\u00a0638" in georgian["spoken"]
    assert READ_AT.fullmatch(georgian["date"].strip())


def test_the_totals_say_it(service: Service) -> None:
    totals = service.totals()
    assert {line: totals[line]["count"] for line in TABLE} == TABLE
    assert (totals["last_week"]["from"], totals["last_week"]["to"]) == ("2024-11-11", "2024-11-18")
    assert (totals["zone"], totals["first_weekday"]) == ("Asia/Tbilisi", "monday")
    assert READ_AT.fullmatch(totals["local_time"])


def test_the_html_says_it(service: Service) -> None:
    page = service.get("/widget/demo.html?lang=en").body.decode()
    shown = dict(re.findall(r"</svg>([^<]+)</th><td><bdi[^>]*>([^<]*)</bdi>", page))
    assert {label: shown[label] for label in IN_ENGLISH} == IN_ENGLISH
    assert "".join(re.findall(r"<b>(\d)</b>", page)) == "2506638"
    assert READ_AT.search(page)


def test_the_svg_says_it(service: Service) -> None:
    image = service.get("/widget/demo.svg?lang=en").body.decode()
    description = image.partition('<desc id="numbers">')[2].partition("</desc>")[0]
    assert {label: text for label, text in IN_ENGLISH.items() if f"{label}: {text}." not in description} == {}
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", image)
    assert set(IN_ENGLISH.values()) <= set(texts)
    assert READ_AT.search(description)


def test_the_json_of_the_widget_says_it(service: Service) -> None:
    view = service.get("/widget/demo.json?lang=en").json
    shown = {row["name"]: (row["label"], row["text"]) for row in view["rows"]}
    assert {line: shown[line] for line in LABELS} == {line: (text, IN_ENGLISH[text]) for line, text in LABELS.items()}
    assert "".join(digit for digit, _ in view["digits"]) == "2506638"
    assert READ_AT.fullmatch(view["date"])


def test_nothing_else_was_counted(service: Service) -> None:
    """Every test above has read only, and what was sent is what is kept."""
    assert service.home.one("select count(*) from hit_log where site = 'demo'") == HITS
    assert service.totals()["today"]["count"] == TABLE["today"]
