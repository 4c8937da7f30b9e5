"""What is drawn or packed in a thread has values only: the running service goes on changing under the loop."""

from __future__ import annotations

import asyncio
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from aiohttp import web

from counter.service.book import Book
from counter.service.countries import Countries
from counter.service.online import Online
from counter.service.service import Service
from counter.service.writer import Writer
from counter.site import Sites

LIVE = (Service, Online, Book, Countries, Writer, Sites)
SITE = "/dashboard/sites/demo"
PAGES = (
    SITE,
    f"{SITE}?metric=online",
    f"{SITE}/hits",
    f"{SITE}/visits/1",
    f"{SITE}/export.csv",
    f"{SITE}/export.json",
    f"{SITE}/panels/pages.csv",
    f"{SITE}/panels/pages.json",
    f"{SITE}/hits.csv.gz",
)


def reachable(root: Any) -> Iterator[Any]:
    """Everything that a function, its arguments and what it closes over lead to; a request is looked at by its name."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, str | bytes | int | float | type | types.ModuleType | web.BaseRequest):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        elif isinstance(one, functools.partial):
            waiting += [one.func, one.args, one.keywords]
        elif isinstance(one, types.FunctionType):
            waiting += [cell.cell_contents for cell in one.__closure__ or ()]
        elif isinstance(one, types.MethodType):
            waiting += [one.__self__, one.__func__]
        elif isinstance(one, msgspec.Struct):
            waiting += [getattr(one, name) for name in one.__struct_fields__]
        else:
            names = [name for kind in type(one).__mro__ for name in kind.__dict__.get("__slots__", ())]
            waiting += [getattr(one, name) for name in names if hasattr(one, name)]
            waiting += vars(one).values() if hasattr(one, "__dict__") else ()


def test_what_a_function_closes_over_is_reachable():
    online = Online()
    assert online in reachable(lambda: online.count(1))
    assert online in reachable(functools.partial(print, {"a": [online]}))
    assert online in reachable(online.refresh)


@pytest.mark.parametrize("path", PAGES)
async def test_no_thread_is_handed_what_the_loop_goes_on_changing(path, start, signed_in, monkeypatch):
    counter = await start(dashboard=True)
    await counter.hit(path="/")
    client = await signed_in(counter)
    handed: list[Any] = []
    to_thread = asyncio.to_thread

    async def watch(function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        handed.append((function, args, named))
        return await to_thread(function, *args, **named)

    monkeypatch.setattr(asyncio, "to_thread", watch)
    answer = await client.get(path)
    assert answer.status == 200
    await answer.read()
    assert handed, "the page is made without a thread: take it out of the list"
    assert [one for one in reachable(handed) if isinstance(one, LIVE)] == []
