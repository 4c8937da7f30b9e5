"""The visitor and the body of a request, read with limits."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache

from aiohttp import hdrs, web
from multidict import istr

from counter.address import canonical, client_address
from counter.collect.page_host import HIDDEN
from counter.collect.parse import USER_AGENT, Envelope
from counter.errors import TooLarge, TooSlow, WrongType
from counter.event import Via
from counter.service.proxies import ADDRESS_HEADERS, NETWORK_HEADERS
from counter.service.service import Service
from counter.text import clean
from counter.web.head import only_looks

BODY_SECONDS = 10  # aiohttp never times out a body that stalls
LARGEST_BODY = 512 * 1024  # bytes, after decompression
# Names of headers, folded once: a plain text is folded at each look-up.
_ADDRESS_HEADERS = tuple((istr(name), name) for name in ADDRESS_HEADERS)
_NETWORK_HEADERS = tuple((istr(name), name) for name in NETWORK_HEADERS)
GPC, DNT = istr("Sec-GPC"), istr("DNT")
PREFETCH = (istr("Sec-Purpose"), istr("Purpose"), istr("X-Moz"))
_OPT_OUT = re.compile(r"(?:^|;)\s*counter_opt_out=1\s*(?:;|$)")


def envelope_of(request: web.Request, service: Service, via: Via) -> Envelope:
    """The visitor as the request shows them: address through trusted proxies only, user agent cut before it is used."""
    headers = request.headers
    opt_out = opted_out(headers.get(hdrs.COOKIE, "")) or (
        service.config.counting.respect_gpc and "1" in (headers.get(GPC), headers.get(DNT))
    )
    return Envelope(
        at=int(service.clock.now()),
        address=visitor_address(request, service),
        user_agent=clean(headers.get(hdrs.USER_AGENT, "")[:USER_AGENT], USER_AGENT),
        accept_language=headers.get(hdrs.ACCEPT_LANGUAGE, ""),
        origin=_origin(headers.get(hdrs.ORIGIN, ""), headers.get(hdrs.REFERER, "")),
        via=via,
        prefetch=_is_prefetch(request),
        opt_out=opt_out,
    )


def _origin(origin: str, referer: str) -> str:
    """The page as its browser tells it: the Referer, which may have its path; but applications and extensions say in
    their Origin what they are."""
    tells = not origin or origin == HIDDEN or origin.startswith(("http://", "https://"))
    return (referer or origin) if tells else origin


def opted_out(cookies: str) -> bool:
    """Whether a Cookie header holds the wish not to be counted."""
    return bool(cookies) and _OPT_OUT.search(cookies) is not None


def visitor_address(request: web.Request, service: Service) -> str:
    """The visitor's address by the rules of `client_address`; a proxy that is not configured is noted."""
    header = service.config.server.address_header
    lines = request.headers.getall(header, ())
    address = client_address(request.remote, lines, service.trusted_proxies, header)
    if not only_looks(request):
        _note_proxy(request, service, bool(lines), address)
    return address


def _note_proxy(request: web.Request, service: Service, named: bool, address: str) -> None:
    """Notes a header with a visitor's address that is not believed, or that contradicts the one that is.

    `named`: whether the configured header is there. `address` is what it led to: of a delivery network in front of
    the trusted proxy it is often one of the network's own machines.
    """
    headers = request.headers
    configured = service.config.server.address_header
    if named:
        peer = canonical(request.remote or "") or ""
        if peer not in service.trusted_proxies:
            service.proxies.note(peer, configured, trusted=False)
            return
        other = next((name for key, name in _NETWORK_HEADERS if key in headers), None)
        if other is not None and other != configured and canonical(headers[other]) != address:
            service.proxies.note(peer, other, trusted=True)
        return
    other = next((name for key, name in _ADDRESS_HEADERS if key in headers), None)
    if other is not None:
        peer = canonical(request.remote or "") or ""
        service.proxies.note(peer, other, trusted=peer in service.trusted_proxies)


async def read_body(request: web.Request) -> bytes:
    """The whole body, or TooSlow; its size is limited by the application's `client_max_size`."""
    _check_content_type(request.headers.get(hdrs.CONTENT_TYPE, ""))
    _check_encoding(request.headers.get(hdrs.CONTENT_ENCODING, ""))
    if request.content.is_eof():  # all here already, as nearly always: no timer, and no task switch
        body = request.content.read_nowait(-1)
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"the body is larger than the limit of {LARGEST_BODY} bytes")
        return body
    return await read_in_time(request)


async def read_in_time(request: web.Request) -> bytes:
    """The whole body, or TooSlow."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except ConnectionError:
        raise TooSlow("the sender hung up before the body was whole") from None
    except TimeoutError:
        request.protocol.close()  # after the answer
        raise TooSlow(f"the body did not arrive within {BODY_SECONDS} s") from None


def _is_prefetch(request: web.Request) -> bool:
    for header in PREFETCH:
        value = request.headers.get(header)
        if value is not None and ("prefetch" in value or "preview" in value):
            return True
    return False


@lru_cache(maxsize=256)
def _check_content_type(header: str) -> None:
    """JSON, or text as `sendBeacon` sends it; not a form, which could come from any page."""
    kind, _, parameters = header.partition(";")
    if kind.strip().lower() not in ("", "text/plain", "application/json", "application/octet-stream"):
        raise WrongType(f"content type {kind.strip()[:60]!r} is not taken; send application/json or text/plain")
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise WrongType(f"{parameter.strip()[:60]} is not taken; send UTF-8")


@lru_cache(maxsize=64)
def _check_encoding(header: str) -> None:
    if header.strip().lower() not in ("", "identity", "gzip", "deflate"):
        raise WrongType(f"content encoding {header[:60]!r} is not taken; send gzip, deflate or none")
