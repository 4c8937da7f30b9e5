"""Every route of the dashboard and what it needs, as a list. Tests make their matrices of attackers from it."""

from __future__ import annotations

from typing import Final

from dashboard.access.guard import Needs, Route
from dashboard.assets import get_static
from dashboard.pages import (
    account,
    annotate,
    export,
    hits,
    install,
    live,
    login,
    overview,
    panel,
    report,
    setup,
    site_settings,
    users,
    visit,
    why,
)

SITE: Final = "/sites/{site}"

ROUTES: Final[tuple[Route, ...]] = (
    # Getting in
    Route("GET", "/setup/{secret}", setup.get_setup, Needs.NOTHING),
    Route("POST", "/setup/{secret}", setup.post_setup, Needs.NOTHING),
    Route("GET", "/welcome/{secret}", setup.get_welcome, Needs.NOTHING),
    Route("POST", "/welcome/{secret}", setup.post_welcome, Needs.NOTHING),
    Route("GET", "/login", login.get_login, Needs.NOTHING),
    Route("POST", "/login", login.post_login, Needs.NOTHING),
    Route("POST", "/logout", login.post_logout, Needs.USER),
    Route("GET", "/static/{digest}/{name}", get_static, Needs.NOTHING),
    # One's own account
    Route("GET", "/account", account.get_account, Needs.USER),
    Route("POST", "/account/password", account.post_password, Needs.USER),
    Route("POST", "/account/look", account.post_look, Needs.USER),
    Route("POST", "/account/sessions", account.post_end_sessions, Needs.USER),
    # Everybody's accounts
    Route("GET", "/users", users.get_users, Needs.OWNER),
    Route("POST", "/users", users.post_user, Needs.OWNER),
    Route("POST", "/users/{user}/access", users.post_access, Needs.OWNER),
    Route("POST", "/users/{user}/link", users.post_link, Needs.OWNER),
    Route("POST", "/users/{user}/remove", users.post_remove, Needs.OWNER),
    # All sites
    Route("GET", "/", overview.get_overview, Needs.USER),
    Route("GET", "/online.json", overview.get_online, Needs.USER),
    Route("GET", "/new-site", site_settings.get_new, Needs.OWNER),
    Route("POST", "/new-site", site_settings.post_new, Needs.OWNER),
    # One site: reading
    Route("GET", SITE, report.get_report, Needs.VIEWER),
    Route("GET", f"{SITE}/export.csv", export.get_csv, Needs.VIEWER),
    Route("GET", f"{SITE}/export.json", export.get_json, Needs.VIEWER),
    Route("GET", f"{SITE}/panels/{{panel}}.csv", export.get_panel_csv, Needs.VIEWER),
    Route("GET", f"{SITE}/panels/{{panel}}.json", export.get_panel_json, Needs.VIEWER),
    Route("GET", f"{SITE}/panels/{{panel}}", panel.get_panel, Needs.VIEWER),
    Route("GET", f"{SITE}/panels/{{panel}}/rows", panel.get_rows, Needs.VIEWER),
    Route("GET", f"{SITE}/hits", hits.get_hits, Needs.VIEWER),
    Route("GET", f"{SITE}/hits.csv.gz", hits.get_hits_csv, Needs.ADMIN, from_links=False),
    Route("GET", f"{SITE}/hits.ndjson.gz", hits.get_hits_ndjson, Needs.ADMIN, from_links=False),
    Route("GET", f"{SITE}/visits/{{visit}}", visit.get_visit, Needs.VIEWER),
    Route("GET", f"{SITE}/live", live.get_live, Needs.VIEWER),
    Route("GET", f"{SITE}/live/events", live.get_events, Needs.VIEWER, from_links=False),
    # One site: addresses, and changing it
    Route("GET", f"{SITE}/why", why.get_why, Needs.ADMIN),
    Route("GET", f"{SITE}/install", install.get_install, Needs.ADMIN),
    Route("GET", f"{SITE}/settings", site_settings.get_settings, Needs.ADMIN),
    Route("POST", f"{SITE}/settings", site_settings.post_settings, Needs.ADMIN),
    Route("POST", f"{SITE}/goals", site_settings.post_goal, Needs.ADMIN),
    Route("POST", f"{SITE}/goals/remove", site_settings.post_remove_goal, Needs.ADMIN),
    Route("POST", f"{SITE}/tokens", site_settings.post_token, Needs.ADMIN),
    Route("POST", f"{SITE}/tokens/remove", site_settings.post_remove_token, Needs.ADMIN),
    Route("POST", f"{SITE}/annotations", annotate.post_annotation, Needs.ADMIN),
    Route("POST", f"{SITE}/annotations/{{annotation}}/remove", annotate.post_remove_annotation, Needs.ADMIN),
    Route("POST", f"{SITE}/remove", site_settings.post_remove_site, Needs.OWNER),
)
