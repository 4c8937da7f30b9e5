"""Sites whose hosts a former version kept in the form of IDNA 2003 count what browsers send, without a change."""

from __future__ import annotations

import pytest

from counter.hosts import ascii_host
from counter.site import ActiveSite, Site
from tests.kit.app import Start

STRASSE = "xn--strae-oqa.de"


@pytest.mark.parametrize("kept", ["straße.de", "strasse.de", "*.straße.de", "*.strasse.de"])
def test_a_site_takes_pages_of_its_host_in_the_form_of_today_and_in_the_former_one(kept: str) -> None:
    site = ActiveSite(Site(1, "a", "A", (ascii_host(kept),)))
    below = "shop." if kept.startswith("*.") else ""
    assert site.takes(f"{below}{STRASSE}")
    assert site.takes(f"{below}strasse.de") == ("ss" in kept)  # another name, perhaps of another owner
    assert not site.takes(f"{below}strase.de")
    assert not site.takes(f"{below}xn--strse-7qa.de")


async def test_a_site_that_a_former_version_kept_without_its_letters_counts(start: Start) -> None:
    counter = await start(sites=[{"id": "demo", "hosts": ["strasse.de"]}])
    assert await counter.outcome(host=STRASSE) == "counted"
    assert await counter.outcome(host="strasse.de") == "counted"
    assert await counter.outcome(host="strase.de") == "foreign_host"
    assert await counter.outcome(host="strasse.de", path="/linked", referrer=f"https://{STRASSE}/") == "counted"
    assert {row["source"] for row in counter.hits()} == {"Direct"}
