"""Signing in and out."""

from __future__ import annotations

import msgspec
from aiohttp import web

from counter.accounts import User
from counter.errors import UsageError
from counter.service.changes.accounts import ChangeUser, EndSession
from dashboard import render
from dashboard.access.call import Call
from dashboard.access.sessions import set_cookie
from dashboard.pages.getting_in import fields_of, own_path, sign_in, try_password


async def get_login(call: Call) -> web.StreamResponse:
    """The form; who is signed in already goes where the form would have led."""
    wanted = own_path(call.request.query.get("next", ""))
    if call.signed_in is not None:
        raise render.see(wanted)
    return _form(call, wanted)


async def post_login(call: Call) -> web.StreamResponse:
    """Sign in. What is wrong, the name or the password, is not told, and takes the same time to find out."""
    fields = await fields_of(call)
    login, password, wanted = (
        fields.get("login", "").strip(),
        fields.get("password", ""),
        own_path(fields.get("next", "")),
    )
    user = call.service.accounts.by_login(login)
    known = user.password if user is not None else ""
    right = await try_password(call, lambda: call.service.passwords.matches(known, password))
    if user is None or not right:
        return _form(call, wanted, login, 401)
    raise await sign_in(call, await _with_todays_hash(call, user, password), wanted)


async def post_logout(call: Call) -> web.StreamResponse:
    """End the session here and on the server."""
    if call.session is not None:
        await EndSession(call.session.digest, actor=call.user.login).apply(call.service)
    answer = render.see("/dashboard/login")
    set_cookie(answer, call.request, call.service, "")
    raise answer


def _form(call: Call, wanted: str, login: str = "", status: int = 200) -> web.StreamResponse:
    return render.page(
        call, "login.html", status,
        next=wanted, login=login, wrong=status != 200, needs_setup=call.service.accounts.needs_setup,
    )  # fmt: skip


async def _with_todays_hash(call: Call, user: User, password: str) -> User:
    """The user with a hash of today's parameters: the password is only known now."""
    passwords = call.service.passwords
    if not passwords.needs_rehash(user.password):
        return user
    renewed = msgspec.structs.replace(user, password=await passwords.hash(password))
    try:
        return await ChangeUser(renewed, user, actor=user.login).apply(call.service)
    except UsageError:
        return user  # changed meanwhile: what was changed must not be undone
