"""Everybody's accounts, for owners: who may do what on which site."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

from counter.accounts import INVITATION_LASTS, Invitation, Role, User, check_login
from counter.errors import BadInput, UsageError
from counter.service.accounts import new_secret
from counter.service.changes.accounts import AddUser, ChangeUser, Invite, RemoveUser, SetPassword
from counter.service.service import token_digest
from dashboard import render
from dashboard.access.call import Call
from dashboard.access.sessions import base_url
from dashboard.pages.getting_in import fields_of

HERE = "/dashboard/users"
ON_SITE = "site-"  # fields site-KEY say admin or viewer
DONE = ("access", "removed")  # what ?done= may say


async def get_users(call: Call) -> web.StreamResponse:
    done = call.request.query.get("done", "")
    return _page(call, done=done if done in DONE else "")


async def post_user(call: Call) -> web.StreamResponse:
    """Make an account, and show once the link with which its person chooses a password."""
    fields = await fields_of(call)
    try:
        login = check_login(fields.get("login", "").strip())
        if call.service.accounts.by_login(login) is not None:
            raise BadInput(call.words("users.login_taken", login=login))
        owner, access = _roles(call, fields)
        made = await AddUser(User(0, login, owner, access), actor=call.user.login).apply(call.service)
    except (BadInput, UsageError) as error:
        return _page(call, problem=str(error), form=fields)
    return await _with_link(call, made)


async def post_access(call: Call) -> web.StreamResponse:
    """Say anew what a user may do."""
    user, fields = _user_of(call), await fields_of(call)
    try:
        owner, access = _roles(call, fields)
        if not owner:
            _keep_an_owner(call, user)
        # A site that was removed is not in the form; who had access has it again when the site comes back.
        hidden = {key: role for key, role in user.access.items() if call.service.sites.by_key(key) is None}
        changed = msgspec.structs.replace(user, owner=owner, access={**hidden, **access})
        await ChangeUser(changed, user, actor=call.user.login).apply(call.service)
    except (BadInput, UsageError) as error:
        return _page(call, problem=str(error))
    raise _on(call, "access")


async def post_link(call: Call) -> web.StreamResponse:
    """Sign a user out everywhere, make the password useless, and show a new link, as `counter user reset-password`."""
    user = _user_of(call)
    await SetPassword(user.key, "", actor=call.user.login).apply(call.service)
    return await _with_link(call, user)


async def post_remove(call: Call) -> web.StreamResponse:
    """Remove an account; the last owner stays."""
    user = _user_of(call)
    try:
        _keep_an_owner(call, user)
        await RemoveUser(user.key, actor=call.user.login).apply(call.service)
    except (BadInput, UsageError) as error:
        return _page(call, problem=str(error))
    raise _on(call, "removed")


async def _with_link(call: Call, user: User) -> web.StreamResponse:
    secret = new_secret()
    invitation = Invitation(token_digest(secret), user.key, call.now + INVITATION_LASTS)
    await Invite(invitation, actor=call.user.login).apply(call.service)
    link = f"{base_url(call.request, call.service)}/dashboard/welcome/{secret}"
    return render.page(call, "link.html", login=user.login, link=link)


def _page(
    call: Call, done: str = "", problem: str = "", form: Mapping[str, str] | None = None
) -> web.StreamResponse:  # fmt: skip
    accounts = call.service.accounts
    signed_in = [one.user_key for one in accounts.sessions.values() if not one.over(call.now)]
    return render.page(
        call, "users.html", 400 if problem else 200, done=done, problem=problem, form=form or {},
        users=sorted(accounts.users.values(), key=lambda one: (not one.owner, one.login.lower())),
        sites=[one.site for one in call.service.sites.all()],
        sessions={key: signed_in.count(key) for key in accounts.users},
        invited={one.user_key for one in accounts.invitations.values() if not one.over(call.now)},
    )  # fmt: skip


def _user_of(call: Call) -> User:
    """The user of the path, or 404."""
    text = call.request.match_info["user"]
    found = call.service.accounts.users.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 18 else None
    if found is None:
        raise web.HTTPNotFound
    return found


def _roles(call: Call, fields: Mapping[str, str]) -> tuple[bool, dict[int, Role]]:
    """Whether the form makes an owner, else the roles on sites; an account that may nothing is refused."""
    if fields.get("role") == Role.OWNER:
        return True, {}
    access = {}
    for one in call.service.sites.all():
        role = fields.get(f"{ON_SITE}{one.site.key}", "")
        if role in {Role.ADMIN, Role.VIEWER}:
            access[one.site.key] = Role(role)
        elif role:
            raise BadInput(f"the role is {role[:40]!r}, it must be admin or viewer, or empty")
    if not access:
        raise BadInput(call.words("users.no_role"))
    return False, access


def _keep_an_owner(call: Call, user: User) -> None:
    """The store says it too, in English."""
    if user.owner and sum(one.owner for one in call.service.accounts.users.values()) == 1:
        raise BadInput(call.words("users.last_owner", login=user.login))


def _on(call: Call, done: str) -> web.HTTPSeeOther:
    """To the list, or where one may still go after changing oneself."""
    me = call.service.accounts.users.get(call.user.key)
    return render.see(f"{HERE}?done={done}" if me is not None and me.owner else "/dashboard/")
