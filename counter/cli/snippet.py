"""`counter snippet`: the lines that go into a page."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

import click

from counter.cli.context import Context, find_site, run
from counter.config import Config
from counter.site import Site
from counter.web.tracker import snippet as script_line


@click.command(epilog="Example: counter snippet shop --sri")
@click.argument("site_id", metavar="ID")
@click.option("--sri", is_flag=True, help="Name the version and the hash of the script: browsers run no other.")
@click.pass_obj
def snippet(context: Context, site_id: str, sri: bool) -> None:
    """The lines for your page: what counts, where the counter stands, and the same without JavaScript.

    With --sri the script comes from an address that is kept for a year and is checked by browsers. After an update of
    the service take the lines anew: the script is another one then, and pages that name the old hash do not count.
    """
    site = run(_read(context, site_id))
    config = context.config
    base = config.server.public_url or _own(config)
    if not config.server.public_url:
        click.echo(f"[server] public_url is not set: {base} is only reached from this machine", err=True)
    image = f"{base}/widget/{quote(site.id)}.svg?count=1&path=/"
    click.echo(script_line(config.tracker, base, site.id, pinned=sri))
    click.echo("<visitor-counter></visitor-counter>")
    click.echo(f'<noscript><img src="{escape(image)}" alt="Visitor counter"></noscript>')


async def _read(context: Context, site_id: str) -> Site:
    async with context.reading() as store:
        return await find_site(store, site_id)


def _own(config: Config) -> str:
    host = config.server.host
    return f"http://{f'[{host}]' if ':' in host else host}:{config.server.port}"
