"""The client's address over real sockets: what a header says counts only when a trusted peer says it.

The table of `X-Forwarded-For` stands in tests/ingest/test_address.py; here is what only a real connection shows.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counter.app import build_app
from tests.kit.app import BROWSER, Counter, FakeClock, Start, make_config, post_bytes, read_rows, sent_by, status_of

GOOD = {"site": "demo", "path": "/"}
CLAIMS = [
    b"X-Forwarded-For: 6.6.6.6", b"X-Real-IP: 6.6.6.6", b"CF-Connecting-IP: 6.6.6.6", b"True-Client-IP: 6.6.6.6",
    b"Forwarded: for=6.6.6.6", b"X-Client-IP: 6.6.6.6", b"X-Cluster-Client-IP: 6.6.6.6", b"Via: 6.6.6.6",
    b"X-Forwarded: 6.6.6.6", b"Client-IP: 6.6.6.6", b"x-forwarded-for: 6.6.6.6, 127.0.0.1",
]  # fmt: skip


async def test_a_peer_that_is_not_trusted_is_the_client_whatever_it_says(start: Start) -> None:
    """T-73."""
    counter = await start(server={"trusted_proxies": []})
    for claim in CLAIMS:
        assert status_of(await counter.raw(post_bytes(json.dumps(GOOD).encode(), claim))) == 202
        assert counter.hits()[-1]["ip"] == "127.0.0.1", claim
    await counter.assert_unharmed()


async def test_of_a_trusted_peer_only_x_forwarded_for_is_believed(start: Start) -> None:
    """T-73."""
    counter = await start()
    for claim in CLAIMS:
        await counter.raw(post_bytes(json.dumps(GOOD).encode(), claim, b"X-Forwarded-For: 203.0.113.7"))
        assert counter.hits()[-1]["ip"] == "203.0.113.7", claim
    await counter.assert_unharmed()


@pytest.mark.parametrize("tokens", [20, 21, 500])
async def test_a_long_chain_is_walked_from_the_right_and_not_to_its_end(start: Start, tokens: int) -> None:
    """T-73."""
    counter = await start(server={"trusted_proxies": ["127.0.0.1", "10.0.0.0/8"]})
    chain = ", ".join(["6.6.6.6"] * (tokens - 1) + ["203.0.113.7"])
    await counter.hit(ip=chain)
    assert counter.hits()[-1]["ip"] == "203.0.113.7"
    await counter.hit(ip=", ".join(["6.6.6.6", *["10.0.0.1"] * tokens]))
    assert counter.hits()[-1]["ip"] == ("10.0.0.1" if tokens >= 20 else "6.6.6.6")
    await counter.assert_unharmed()


@pytest.fixture
async def untrusting(start: Start) -> AsyncIterator[Counter]:
    counter = await start(server={"trusted_proxies": ["10.0.0.0/8"]})
    yield counter
    assert {row["ip"] for row in counter.hits()} <= {"127.0.0.1"}
    await counter.assert_unharmed()


@given(lines=st.lists(st.binary(max_size=60).map(lambda raw: bytes(b for b in raw if b not in b"\r\n\0")), max_size=4))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_header_of_a_stranger_chooses_his_address(untrusting: Counter, lines: list[bytes]) -> None:
    """T-73, as a property; the address is looked at when all is sent."""
    answer = await untrusting.raw(
        post_bytes(json.dumps(GOOD).encode(), *(b"X-Forwarded-For: " + line for line in lines))
    )
    assert status_of(answer) in {202, 400}


# trusted proxies, X-Forwarded-For, the address stored
UNIX: list[tuple[list[str], str, str]] = [
    (["unix:"], "203.0.113.7", "203.0.113.7"),
    (["unix:"], "6.6.6.6, 203.0.113.7", "203.0.113.7"),
    (["127.0.0.1"], "203.0.113.7", ""),
    ([], "203.0.113.7", ""),
]


@pytest.mark.parametrize(("trusted", "forwarded", "stored"), UNIX)
async def test_the_peer_of_a_unix_socket_is_trusted_when_the_owner_says_so(
    tmp_path: Path, trusted: list[str], forwarded: str, stored: str
) -> None:
    """T-73."""
    app = build_app(make_config(tmp_path, server={"trusted_proxies": trusted}), FakeClock())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(tmp_path / "s")).start()
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(tmp_path / "s"))) as session:
            headers = sent_by(forwarded, BROWSER)
            async with session.post("http://x/hit", json=GOOD, headers=headers) as answer:
                assert answer.headers["X-Counter"] == "counted"
            async with session.get("http://x/api/v1/you", headers=headers) as answer:
                assert await answer.json() == {"ip": stored}
        assert (read_rows(tmp_path / "data", "select ip from hit_log")[0]["ip"] or "") == stored
    finally:
        await runner.cleanup()
