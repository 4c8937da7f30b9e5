"""The lines to copy for a README, a page and a forum: a badge that counts, and the numbers behind its link."""

from __future__ import annotations

from html import escape
from typing import NamedTuple
from urllib.parse import quote, urlencode

LABEL = "Views"
PATH = "/readme"


class ReadyLine(NamedTuple):
    """`text` is plain; a page that shows it escapes it."""

    form: str
    title: str
    text: str
    note: str


def ready_lines(base: str, site_id: str) -> tuple[ReadyLine, ...]:
    """One line a kind of place. `base` is the public address of this service, without a slash at its end."""
    site = quote(site_id, safe="")
    badge = urlencode({"count": 1, "path": PATH, "scope": "page", "label": LABEL}, safe="/")
    svg, png = (f"{base}/badge/{site}.{kind}?{badge}" for kind in ("svg", "png"))
    numbers = f"{base}/widget/{site}.html?{urlencode({'metric': 'pageviews', 'path': PATH}, safe='/')}"
    return (
        ReadyLine(
            "markdown", "Markdown", f"[![{LABEL}]({svg})]({numbers})",
            "For README files on GitHub, GitLab, Gitea and others. Give each file a path of its own.",
        ),
        ReadyLine(
            "html", "HTML", f'<a href="{escape(numbers)}"><img alt="{LABEL}" src="{escape(svg)}"></a>',
            "For pages; in a mail, write .png in place of .svg.",
        ),
        ReadyLine(
            "bbcode", "BBCode", f"[url={numbers}][img]{png}[/img][/url]",
            "For forums, which show no SVG. Images as PNG need the extra png of this service.",
        ),
    )  # fmt: skip
