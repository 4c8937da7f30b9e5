"""Two sites with everything a site can have, and people of each: what the matrices of attackers are let loose on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from counter.accounts import Annotation, Invitation
from counter.service.accounts import new_secret
from counter.service.service import token_digest
from counter.site import Goal, GoalKind, TokenMay
from dashboard.access.guard import Route
from dashboard.assets import url_of
from tests.kit.app import Counter, Start
from tests.kit.dashboard import PASSWORD, Client, SignedIn, make_user

SECRETS = ("Beta Secret Name", "beta-secret-path", "beta-secret-goal", "beta-secret-note", "beta.example")
SITES = [
    {"id": "alpha", "name": "Alpha", "hosts": ["alpha.example"]},
    {"id": "beta", "name": "Beta Secret Name", "hosts": ["beta.example"]},
]
# A form for each route that takes one: what would change something, were it let in. {braces} are of the world.
FORMS: dict[str, dict[str, str]] = {
    "/setup/{secret}": {"login": "eve", "password": PASSWORD, "again": PASSWORD, "name": "Evil"},
    "/welcome/{secret}": {"password": PASSWORD, "again": PASSWORD},
    "/login": {"login": "owner", "password": PASSWORD},
    "/logout": {},
    "/account/password": {"old": PASSWORD, "password": "quite another one", "again": "quite another one"},
    "/account/look": {"theme": "dark", "language": "de"},
    "/account/sessions": {"all": "others"},
    "/users": {"login": "eve", "role": "owner"},
    "/users/{user}/access": {"site-{key}": "admin"},
    "/users/{user}/link": {},
    "/users/{user}/remove": {},
    "/new-site": {"name": "Evil", "id": "evil"},
    "/sites/{site}/settings": {"name": "Evil", "hosts": "evil.example", "start_count": "666"},
    "/sites/{site}/goals": {"name": "Evil", "kind": "page", "pattern": "/*"},
    "/sites/{site}/goals/remove": {"name": "{goal}"},
    "/sites/{site}/tokens": {"may": "read"},
    "/sites/{site}/tokens/remove": {"token": "{token}"},
    "/sites/{site}/annotations": {"day": "2024-11-21", "text": "evil"},
    "/sites/{site}/annotations/{annotation}/remove": {},
    "/sites/{site}/remove": {"id": "{site}"},
}
# A value for each parameter a path may have, that is not an object of the world.
FIXED = {"digest": url_of("icon.svg").split("/")[3], "name": "icon.svg", "panel": "pages"}
ENDLESS = "/sites/{site}/live/events"  # a stream for who is let in


@dataclass
class World:
    """The running service, its people, and the ids of what each site has."""

    counter: Counter
    people: dict[str, Client]
    ids: dict[str, dict[str, str]] = field(default_factory=dict)  # by site

    def path(self, route: Route, site: str = "beta", objects: str = "") -> str:
        """A path of `route` on `site`; its other objects are of `objects`. KeyError: no example stands above."""
        values = {**FIXED, **self.ids[objects or site], "site": site}
        return "/dashboard" + route.path.format_map(values)

    def form(self, route: Route, site: str = "beta", objects: str = "") -> dict[str, str]:
        values = {**self.ids[objects or site], "site": site}
        return {name.format_map(values): text.format_map(values) for name, text in FORMS[route.path].items()}

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        names = [row["name"] for row in self.counter.rows("select name from sqlite_schema where type = 'table'")]
        return {name: [tuple(row.values()) for row in self.counter.rows(f"select * from {name}")] for name in names}


async def make_world(start: Start, signed_in: SignedIn) -> World:
    """The service with its two sites; people are `owner`, and an admin and a viewer of each site: `alpha admin`."""
    counter = await start(dashboard=True, sites=SITES)
    people = {"owner": await signed_in(counter)}
    for site in ("alpha", "beta"):
        for role in ("admin", "viewer"):
            people[f"{site} {role}"] = await signed_in(counter, f"{site}-{role}", role, site)
    world = World(counter, people)
    for site in ("alpha", "beta"):
        world.ids[site] = await _fill(counter, site)
    await counter.service.reload_sites()
    await counter.service.reload_accounts()
    return world


async def _fill(counter: Counter, site: str) -> dict[str, str]:
    """Hits, a goal, a token, an annotation and an invited user of a site; returns what they are called."""
    service, key, now = counter.service, counter.site_key(site), counter.clock.now()
    await counter.hit(site=site, path=f"/{site}-secret-path", title=f"{site}-secret-path", ip=f"203.0.113.{key}")
    await service.store.catalog.add_goal(key, Goal(f"{site}-secret-goal", GoalKind.PAGE, "/*"), now)
    token = token_digest(f"token-of-{site}")
    await service.store.catalog.add_token(key, token, now, TokenMay.READ)
    await service.store.catalog.add_token(key, token_digest(f"write-token-of-{site}"), now, TokenMay.WRITE)
    day = int(now) // 86_400
    note = await service.store.accounts.add_annotation(Annotation(0, key, day, f"{site}-secret-note", "owner"), now)
    invited = await make_user(counter, f"{site}-invited", "viewer", site)
    secret = new_secret()
    await service.store.accounts.add_invitation(Invitation(token_digest(secret), invited.key, int(now) + 1000), now)
    visit = counter.rows("select max(visit) as n from hit_log where site = ?", site)[0]["n"]
    return {
        "goal": f"{site}-secret-goal", "token": token.hex(), "annotation": str(note.key), "user": str(invited.key),
        "secret": secret, "visit": str(visit), "key": str(key),
    }  # fmt: skip
