"""What programs fetch is no page of a log, people's pages with like names are, and owners leave out or take back."""

from __future__ import annotations

import pytest

from counter.logfiles.pages import is_page_path
from counter.site import matches_path, path_patterns

NO_PAGES = """
/feed /feed/ /feed/atom/ /2024/05/post/feed/ /comments/feed/ /rss /blog/rss/ /atom /feed.json /atom.xml /?feed=rss2
/index.php?option=com_content&format=feed&type=rss /wp-json/wp/v2/posts?per_page=3 /blog/wp-json
/?rest_route=/wp/v2/posts
/wp-admin/admin-ajax.php?action=x /blog/wp-admin/admin-ajax.php /wp-cron.php?doing_wp_cron=1 /xmlrpc.php /?wc-ajax=get
/api/v1/items /api/items?id=1 /de/api/cart /API/v1/Items /graphql /v2/graphql /.well-known/acme-challenge/x
/.well-known/security /robots.txt /sitemap.xml /sitemap_index.xml /healthz /livez /readyz /server-status
/cdn-cgi/trace /actuator/health https://shop.example/wp-json/x /%66eed/ /post/trackback/
"""
PAGES = """
/ /feedback /feed-the-birds /rss-explained /atoms /news/feeds-and-speeds /api /api/ /api/intro.html /docs/api/users
/apis/x /graphql-basics /health /health/ /status /wp-login.php /wp-content/page/ /about/well-known /?feedback=1
/shop?feed=none /metrics /sitemap /sitemap.html /rest/restaurants
"""


@pytest.mark.parametrize("target", NO_PAGES.split())
def test_what_programs_fetch_is_no_page(target: str) -> None:
    assert not is_page_path(target)


@pytest.mark.parametrize("target", PAGES.split())
def test_pages_with_like_names_are_pages(target: str) -> None:
    assert is_page_path(target)


def test_what_is_taken_back_is_a_page_and_a_static_file_is_not() -> None:
    included = path_patterns(["/api/*", "/feed/"])
    assert is_page_path("/api/v1/items?id=1", included)
    assert is_page_path("https://shop.example/api/v1", included)
    assert is_page_path("/feed/", included)
    assert not is_page_path("/rss", included)
    assert not is_page_path("/api/logo.png", included)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/admin/*", "/admin/users", True),
        ("/admin/*", "/admin/users?page=2", True),
        ("/admin/*", "/admin", False),
        ("*/print", "/a/b/print?x=1", True),
        ("*/print", "/print/x", False),
        ("/a.b", "/axb", False),
        ("/search?q=*", "/search?q=cats", True),
        ("/search", "/search?q=cats", True),
        ("/(", "/(", True),
        ("*", "/anything\nat all", True),
        ("/A", "/a", False),
    ],
)
def test_a_pattern_fits_whole_paths(pattern: str, path: str, fits: bool) -> None:
    assert matches_path(path_patterns([pattern, "/never"]), path) is fits
