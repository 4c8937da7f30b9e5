"""One's own account: the password, the language and the look, and where one is signed in."""

from __future__ import annotations

import msgspec
from aiohttp import web

from counter.accounts import THEMES, Session
from counter.errors import BadInput, NotAuthorized
from counter.service.changes.accounts import ChangeUser, EndOtherSessions, EndSession, SetPassword
from dashboard import render
from dashboard.access.call import Call
from dashboard.pages.getting_in import chosen_password, fields_of, try_password
from dashboard.words.catalogue import LANGUAGES

HERE = "/dashboard/account"
DONE = ("password", "look", "sessions")  # what ?done= may say


async def get_account(call: Call) -> web.StreamResponse:
    done = call.request.query.get("done", "")
    return _page(call, done=done if done in DONE else "")


async def post_password(call: Call) -> web.StreamResponse:
    """Set a new password for who knows the old one; every other session of the user ends."""
    fields, user, service = await fields_of(call), call.user, call.service
    old = fields.get("old", "")
    if not await try_password(call, lambda: service.passwords.matches(user.password, old)):
        return _page(call, problem=call.words("account.old_is_wrong"))
    try:
        password = chosen_password(call, user.login, fields)
    except BadInput as error:
        return _page(call, problem=str(error))
    hashed = await service.passwords.hash(password)
    change = SetPassword(user.key, hashed, but=_own(call).digest, before=user.password, actor=user.login)
    try:
        await change.apply(service)
    except NotAuthorized:  # changed or taken away meanwhile
        return _page(call, problem=call.words("account.old_is_wrong"))
    raise render.see(f"{HERE}?done=password")


async def post_look(call: Call) -> web.StreamResponse:
    """Set the language and the theme; empty is what the browser asks for."""
    fields = await fields_of(call)
    language, theme = fields.get("language", ""), fields.get("theme", "")
    if language not in {"", *LANGUAGES}:
        raise BadInput(f"the language is {language[:40]!r}, it must be one of {', '.join(LANGUAGES)}, or empty")
    if theme not in THEMES:
        raise BadInput(f"the theme is {theme[:40]!r}, it must be light or dark, or empty")
    changed = msgspec.structs.replace(call.user, language=language, theme=theme)
    await ChangeUser(changed, call.user, actor=call.user.login).apply(call.service)
    raise render.see(f"{HERE}?done=look")


async def post_end_sessions(call: Call) -> web.StreamResponse:
    """End one of one's own sessions, named by its digest, or all but this one."""
    fields, user = await fields_of(call), call.user
    if fields.get("all") == "others":
        await EndOtherSessions(user.key, _own(call).digest, actor=user.login).apply(call.service)
    else:
        wanted = next((one for one in _sessions(call) if one.digest.hex() == fields.get("session")), None)
        if wanted is None:
            raise web.HTTPNotFound
        await EndSession(wanted.digest, actor=user.login).apply(call.service)
    raise render.see(f"{HERE}?done=sessions")


def _page(call: Call, done: str = "", problem: str = "") -> web.StreamResponse:
    return render.page(
        call, "account.html", 400 if problem else 200, done=done, problem=problem, sessions=_sessions(call),
        own=_own(call), languages=[one.language for one in LANGUAGES.values()], themes=THEMES,
    )  # fmt: skip


def _sessions(call: Call) -> list[Session]:
    """The user's sessions that are not over, the one that was seen last first."""
    known = call.service.accounts.sessions.values()
    mine = [one for one in known if one.user_key == call.user.key and not one.over(call.now)]
    return sorted(mine, key=lambda one: (one.digest != _own(call).digest, -one.seen_at))


def _own(call: Call) -> Session:
    if call.session is None:
        raise AssertionError("the guard lets nobody here without a session")
    return call.session
