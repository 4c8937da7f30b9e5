"""A site's settings for its admins: what it is, its goals, tokens and audit log; making and removing one for owners."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from counter.errors import BadInput, ConfigError, UsageError
from counter.service.changes.sites import (
    AddGoal,
    AddSite,
    AddToken,
    ChangeSite,
    RemoveGoal,
    RemoveSite,
    RemoveToken,
)
from counter.service.service import token_digest
from counter.site import Goal, GoalKind, TokenMay
from dashboard import render
from dashboard.access.call import Call
from dashboard.pages.getting_in import START, fields_of
from dashboard.sites.audit import describe_change
from dashboard.sites.form import changed_site, choices, new_site, typed_fields

AUDIT_LINES = 20
DONE = ("saved", "goal", "goal_removed", "token_removed")  # what ?done= may say


async def get_new(call: Call) -> web.StreamResponse:
    return await _new_form(call, {})


async def post_new(call: Call) -> web.StreamResponse:
    """Make a site, and show how to install it."""
    service, fields = call.service, await fields_of(call)
    taken = {one.site.id for one in service.sites.all()} | set(await service.store.catalog.removed_ids())
    try:
        if not any(fields.get(name, "").strip() for name in ("name", "hosts", "id")):
            raise BadInput(call.words("setup.no_site"))
        site = new_site(fields, taken)
        if any(one.site.id == site.id for one in service.sites.all()):
            raise BadInput(call.words("setup.id_taken", id=site.id))
        made = await AddSite(site, actor=call.user.login).apply(service)
    except (BadInput, ConfigError, UsageError) as error:
        return await _new_form(call, fields, str(error))
    raise render.see(f"/dashboard/sites/{made.id}/install")


async def get_settings(call: Call) -> web.StreamResponse:
    done = call.request.query.get("done", "")
    return await _page(call, done=done if done in DONE else "")


async def post_settings(call: Call) -> web.StreamResponse:
    """Change the site, if it is still what the form was made from; another time zone puts its hits into other days."""
    fields, site = await fields_of(call), call.site.site
    version = fields.get("version") or site.version
    try:
        await ChangeSite(changed_site(site, fields), version, actor=call.user.login).apply(call.service)
    except ConfigError as error:
        return await _page(call, problem=str(error), form=fields)
    except UsageError as error:  # changed meanwhile: the form shows what is stored
        return await _page(call, problem=str(error))
    raise _on(call, "saved")


async def post_goal(call: Call) -> web.StreamResponse:
    """Make a goal; hits from before count, too."""
    fields = await fields_of(call)
    try:
        kind = fields.get("kind", "")
        if kind not in set(GoalKind):
            raise BadInput(f"the goal is {kind[:40]!r}, it must be page or event")
        name, pattern = fields.get("name", "").strip(), fields.get("pattern", "").strip()
        goal = Goal(name or pattern, GoalKind(kind), pattern)
        await AddGoal(call.site.site.key, goal, actor=call.user.login).apply(call.service)
    except (BadInput, UsageError) as error:
        return await _page(call, problem=str(error), goal=fields)
    raise _on(call, "goal")


async def post_remove_goal(call: Call) -> web.StreamResponse:
    fields = await fields_of(call)
    await RemoveGoal(call.site.site.key, fields.get("name", ""), actor=call.user.login).apply(call.service)
    raise _on(call, "goal_removed")


async def post_token(call: Call) -> web.StreamResponse:
    """Make a token and show it once."""
    fields = await fields_of(call)
    may = fields.get("may", "")
    if may not in set(TokenMay):
        raise BadInput(f"the token is to {may[:40]!r}, it must be to read or to write")
    secret = f"counter_{secrets.token_urlsafe(32)}"
    token = AddToken(call.site.site.key, token_digest(secret), TokenMay(may), actor=call.user.login)
    await token.apply(call.service)
    return await _page(call, new_token=secret)


async def post_remove_token(call: Call) -> web.StreamResponse:
    """Remove a token of this site, named by its digest."""
    fields = await fields_of(call)
    tokens = await call.service.store.catalog.site_tokens(call.site.site.key)
    wanted = next((one for one in tokens if one.digest.hex() == fields.get("token")), None)
    if wanted is None:
        raise web.HTTPNotFound
    await RemoveToken(call.site.site.key, wanted.digest, actor=call.user.login).apply(call.service)
    raise _on(call, "token_removed")


async def post_remove_site(call: Call) -> web.StreamResponse:
    """Remove the site for who typed its id; its numbers stay, and come back with `counter site add`."""
    fields = await fields_of(call)
    if fields.get("id", "").strip() != call.site.site.id:
        return await _page(call, problem=call.words("settings.id_differs", id=call.site.site.id))
    await RemoveSite(call.site.site.id, actor=call.user.login).apply(call.service)
    raise render.see(START)


async def _new_form(call: Call, fields: Mapping[str, str], problem: str = "") -> web.StreamResponse:
    return render.page(
        call, "new_site.html", 400 if problem else 200, form=fields, problem=problem, **await choices(call.words)
    )


async def _page(
    call: Call, done: str = "", problem: str = "", form: Mapping[str, str] | None = None,
    goal: Mapping[str, str] | None = None, new_token: str = "",
) -> web.StreamResponse:  # fmt: skip
    service, site = call.service, call.site.site
    facts: dict[str, Any] = {
        "goals": await service.store.reports.goals(site.key),
        "tokens": await service.store.catalog.site_tokens(site.key),
        "audit": [
            (one, describe_change(one.detail)) for one in await service.store.accounts.audit_log(site.key, AUDIT_LINES)
        ],
        **await choices(call.words),
    }
    return render.page(
        call, "settings.html", 400 if problem else 200, done=done, problem=problem,
        form=form or typed_fields(site), goal=goal or {}, new_token=new_token, **facts,
    )  # fmt: skip


def _on(call: Call, done: str) -> web.HTTPSeeOther:
    return render.see(f"/dashboard/sites/{call.site.site.id}/settings?done={done}")
