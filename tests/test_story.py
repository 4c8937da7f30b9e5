"""The whole story: a page view in a browser is seen everywhere, and everything agrees."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from playwright.sync_api import Browser

from tests.browser.test_counting import page_of
from tests.kit.chromium import host_page, reader, until
from tests.kit.process import Service


@pytest.mark.browser
def test_a_page_view_is_seen_in_sqlite_json_widget_image_and_command(browser: Browser, service: Service) -> None:
    body, policy = page_of(service.url)
    with host_page(body, policy) as ours, reader(browser) as (page, _):
        page.goto(f"{ours}/story")
        until(lambda: page.text_content("#views"), "1")

    [(time, ip, path, country, browser_name, device)] = service.home.rows(
        "select time_utc, ip, path, country, browser, device from hit_log"
    )
    moment = dt.datetime.fromisoformat(f"{time}+00:00")
    assert abs((dt.datetime.now(dt.UTC) - moment).total_seconds()) < 600
    assert (ip, path, country, browser_name, device) == ("127.0.0.1", "/story", "Unknown", "Chrome", "desktop")

    assert service.totals()["today"]["count"] == service.totals()["all"]["count"] == 1
    assert b"1 visit in total" in service.get("/widget/demo.html?lang=en").body
    assert b"<svg" in service.get("/widget/demo.svg").body
    assert json.loads(service.home.run("totals", "--site", "demo", "--json").out)["today"]["count"] == 1
    assert service.home.run("check").out.startswith("every number agrees")
