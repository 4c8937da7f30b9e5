"""The public routes, as a list. Paths that the owner may rename come from the configuration."""

from __future__ import annotations

from aiohttp import web

from counter.config import Config
from counter.web import about, collect, gallery, health, image, pages, report, totals, tracker, widget
from counter.web.head import add_route
from counter.web.image_errors import drawing_errors
from counter.widget.theme import THEMES, check_themes


def add_routes(app: web.Application, config: Config) -> None:
    """Every public route; those for GET also answer HEAD, which never counts."""
    script, versioned_script, widget_script, versioned_widget_script = tracker.paths(config.tracker)
    hit_path = config.tracker.hit_path
    check_themes(THEMES)
    table = (
        ("POST", hit_path, collect.post_hit),
        ("OPTIONS", hit_path, collect.preflight),
        ("GET", script, tracker.get_script),
        ("GET", versioned_script, tracker.get_script),
        ("GET", widget_script, tracker.get_widget_script),
        ("GET", versioned_widget_script, tracker.get_widget_script),
        ("GET", "/pixel.gif", collect.get_pixel),
        ("GET", "/api/v1/totals", totals.get_totals),
        ("GET", "/api/v1/you", totals.get_you),
        ("GET", "/api/v1/report", report.get_report),
        ("GET", "/api/v1/hits", report.get_hits),
        ("GET", "/api/v1/visit", report.get_visit),
        ("GET", "/widget/{site}.html", widget.get_html),
        ("GET", "/widget/{site}.svg", drawing_errors(image.get_svg)),
        ("GET", "/widget/{site}.png", image.get_png),
        ("GET", "/widget/{site}.json", widget.get_json),
        ("GET", "/widget/gallery", gallery.get_gallery),  # no site: theirs end in .html, .svg, .png, .json or /about
        ("GET", "/badge/{site}.svg", drawing_errors(image.get_badge)),
        ("GET", "/badge/{site}.png", image.get_badge_png),
        ("GET", "/widget/{site}/about", about.get_about),
        ("GET", "/healthz", health.get_healthz),
        ("GET", "/readyz", health.get_readyz),
        ("GET", "/metrics", health.get_metrics),
        ("GET", "/demo", pages.get_demo),
        ("GET", "/demo/{page}", pages.get_demo),
        ("GET", "/opt-out", pages.get_opt_out),
        ("POST", "/opt-out", pages.post_opt_out),
        ("GET", "/static/{name:.+}", pages.get_static),
        ("GET", "/favicon.ico", pages.get_icon),
        ("GET", "/", pages.get_start),
    )
    for method, path, answer in table:
        add_route(app, method, path, answer)
