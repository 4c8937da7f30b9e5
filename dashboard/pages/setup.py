"""The two ways in without a password: the first owner's set-up link, and a link to choose a password.

Their secrets have 256 bits: a wrong one is answered 404 and counted nowhere, opening a form uses nothing up.
"""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from counter.accounts import User, check_login
from counter.errors import BadInput, ConfigError, NotAuthorized, UsageError
from counter.service.changes.accounts import AcceptInvitation, AddUser
from counter.service.changes.sites import AddSite
from counter.service.service import token_digest
from counter.site import Site
from dashboard import render
from dashboard.access.call import Call
from dashboard.pages.getting_in import START, chosen_password, fields_of, sign_in
from dashboard.sites.form import choices, new_site


async def get_setup(call: Call) -> web.StreamResponse:
    """The form of the first owner and the first site."""
    _refuse_wrong_secret(call)
    return await _setup_form(call, {})


async def post_setup(call: Call) -> web.StreamResponse:
    """Make the owner and the site, and sign in; what is wrong is said, and nothing is made."""
    _refuse_wrong_secret(call)
    service, fields = call.service, await fields_of(call)
    try:
        login = check_login(fields.get("login", "").strip())
        password = chosen_password(call, login, fields)
        site = await _first_site(call, fields)
    except (BadInput, ConfigError, UsageError) as error:
        return await _setup_form(call, fields, str(error))
    hashed = await service.passwords.hash(password)
    secret, service.accounts.setup_secret = service.accounts.setup_secret, ""  # one form alone gets through
    if not secret or not service.accounts.needs_setup:
        raise web.HTTPNotFound
    try:
        # First: the owner is there, whatever becomes of the site.
        user = await AddUser(User(0, login, owner=True, password=hashed), actor=login).apply(service)
    except BaseException:
        service.accounts.setup_secret = secret
        raise
    if site is not None:
        await AddSite(site, actor=login).apply(service)
    sites = [site.id] if site is not None else [one.site.id for one in service.sites.all()]
    raise await sign_in(call, user, f"/dashboard/sites/{sites[0]}/install" if sites else START)


async def get_welcome(call: Call) -> web.StreamResponse:
    """The form to choose a password."""
    return _welcome_form(call, _invited(call))


async def post_welcome(call: Call) -> web.StreamResponse:
    """Set the password and sign in; the link works no longer, and sessions from before have ended."""
    user, fields, service = _invited(call), await fields_of(call), call.service
    try:
        password = chosen_password(call, user.login, fields)
    except BadInput as error:
        return _welcome_form(call, user, str(error))
    digest = token_digest(call.request.match_info["secret"])
    try:
        await AcceptInvitation(digest, await service.passwords.hash(password), actor=user.login).apply(service)
    except NotAuthorized:
        raise web.HTTPNotFound from None
    raise await sign_in(call, service.accounts.users[user.key], START)


def _refuse_wrong_secret(call: Call) -> None:
    """404 for any other secret than that of this start; how long it takes tells nothing of it."""
    accounts, given = call.service.accounts, call.request.match_info["secret"]
    known = accounts.setup_secret if accounts.needs_setup else ""
    if not known or not hmac.compare_digest(given.encode("utf-8", "replace"), known.encode()):
        raise web.HTTPNotFound


async def _first_site(call: Call, fields: dict[str, str]) -> Site | None:
    """The site the form describes; None when there are sites, and the owner wants no other."""
    known = [one.site.id for one in call.service.sites.all()]
    if known and fields.get("skip") == "yes":
        return None
    if not any(fields.get(name, "").strip() for name in ("name", "hosts", "id")):
        raise BadInput(call.words("setup.no_site"))
    site = new_site(fields, {*known, *await call.service.store.catalog.removed_ids()})
    if site.id in known:
        raise BadInput(call.words("setup.id_taken", id=site.id))
    return site


async def _setup_form(call: Call, fields: dict[str, str], problem: str = "") -> web.StreamResponse:
    facts: dict[str, Any] = {"form": fields, "problem": problem, **await choices(call.words)}
    known = [one.site for one in call.service.sites.all()]
    return render.page(call, "setup.html", 400 if problem else 200, known=known, **facts)


def _invited(call: Call) -> User:
    """Whom the link of the path is for; 404 for one that is not known, was used or is too old."""
    accounts = call.service.accounts
    invitation = accounts.invitations.get(token_digest(call.request.match_info["secret"]))
    user = accounts.users.get(invitation.user_key) if invitation and not invitation.over(call.now) else None
    if user is None:
        raise web.HTTPNotFound
    return user


def _welcome_form(call: Call, user: User, problem: str = "") -> web.StreamResponse:
    return render.page(call, "welcome.html", 400 if problem else 200, login=user.login, problem=problem)
