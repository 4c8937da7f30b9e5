"""A wrong address of an image: browsers show a broken image and no word of JSON, so the sentence is drawn."""

from __future__ import annotations

from functools import wraps

from aiohttp import hdrs, web

from counter.errors import BadInput, UnknownSite
from counter.web.embedding import SHARED, SVG_POLICY
from counter.web.middleware import Handler
from counter.widget.sentence import render_sentence


def drawing_errors(answer: Handler) -> Handler:
    """The answer, or for who accepts images an image of what is wrong. Others get the error as everywhere.

    Its status is the error's in the address bar, and 200 where only an image is accepted: Firefox shows no image of
    another origin with a status of failure, and proxies of images pass none on.
    """

    @wraps(answer)
    async def drawn(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except (BadInput, UnknownSite) as error:
            accepted = request.headers.get(hdrs.ACCEPT, "")
            if "image/" not in accepted:
                raise
            return web.Response(
                text=render_sentence(str(error)),
                status=error.status if "text/html" in accepted else 200,
                content_type="image/svg+xml",
                headers={**SHARED, "Cache-Control": "no-store", "Content-Security-Policy": SVG_POLICY},
            )

    return drawn
