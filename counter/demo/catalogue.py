"""The pages of the made-up shop, what happens on them, and where visits begin."""

from __future__ import annotations

from typing import NamedTuple

from counter.demo.chance import deck, zipf
from counter.event import DOWNLOAD, OUTBOUND

SHOP = "shop.example"
NAME = "Demo shop"
_MAKERS = ("Alder", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Gale", "Harbor", "Iris", "Juniper")
_THINGS = (
    "backpack", "tent", "stove", "lamp", "jacket", "boots", "bottle", "blanket", "map case", "compass", "hammock",
    "rain cover", "sleeping bag", "walking stick", "first aid kit", "notebook", "knife", "rope", "cap", "gloves",
)  # fmt: skip
_TOPICS = (
    "how to choose", "how to care for", "how to repair", "what to look for in", "ten years with", "the lightest",
    "how we test", "a short history of", "packing", "our favourite",
)  # fmt: skip
_HANDBOOK = (
    "sizes", "washing", "waterproofing", "shipping", "returns", "warranty", "spare parts", "materials", "repairs",
    "gift cards", "api", "api authentication", "api orders", "api webhooks", "newsletter", "privacy",
)  # fmt: skip
_GONE = ("/wp-login.php", "/blog/old-tent", "/products/alder-tents", "/sale-2019", "/favicon.png", "/docs/api/v1")


class Page(NamedTuple):
    path: str
    title: str
    kind: str  # of HAPPENS, or one that nothing happens on


class Happening(NamedTuple):
    """A custom event that follows a view of a page: how often, and its properties."""

    name: str
    chance: float
    props: tuple[str, ...]  # JSON objects of text to text


LAUNCH_PAGE = Page("/blog/a-tent-that-mends-itself", "We made a tent that mends itself – Demo shop", "blog")
LETTER_PAGE = Page("/letter", "What is new this month – Demo shop", "letter")
HOME = Page("/", "Demo shop – things for outdoors", "home")
_MAIN = (
    (HOME, 5.0),
    (Page("/products", "All products – Demo shop", "list"), 6.0),
    (Page("/pricing", "Membership and prices – Demo shop", "pricing"), 5.0),
    (Page("/signup", "Become a member – Demo shop", "signup"), 2.0),
    (Page("/cart", "Your cart – Demo shop", "cart"), 3.0),
    (Page("/blog", "Stories – Demo shop", "list"), 2.5),
    (Page("/docs", "Handbook – Demo shop", "docs"), 2.0),
    (Page("/about", "About us – Demo shop", "about"), 2.0),
    (Page("/contact", "Contact – Demo shop", "about"), 1.0),
    (LAUNCH_PAGE, 0.8),
)


def _slug(text: str) -> str:
    return text.lower().replace(" ", "-")


def _title(text: str) -> str:
    return f"{text[0].upper()}{text[1:]} – {NAME}"


# Every maker and thing in an order that is not alphabetic, so that the long tail looks like one.
PRODUCTS = tuple(
    Page(f"/products/{_slug(f'{maker} {thing}')}", _title(f"{maker} {thing}"), "product")
    for step in range(len(_THINGS))
    for number, maker in enumerate(_MAKERS)
    for thing in (_THINGS[(step + 7 * number) % len(_THINGS)],)
)
STORIES = tuple(
    Page(f"/blog/{_slug(f'{asked} {thing}')}", _title(f"{asked} {thing}"), "blog")
    for step in range(len(_THINGS))
    for number, asked in enumerate(_TOPICS)
    for thing in (_THINGS[(step + 3 * number) % len(_THINGS)],)
)
HANDBOOK = tuple(Page(f"/docs/{_slug(name)}", _title(name), "docs") for name in _HANDBOOK)
PAGES = (*(page for page, _ in _MAIN), LETTER_PAGE, *PRODUCTS, *STORIES, *HANDBOOK)


def _sections(main: float, products: float, stories: float, handbook: float) -> tuple[Page, ...]:
    """A deck with these shares of the sections."""
    parts = ((_MAIN, main), (zipf(PRODUCTS), products), (zipf(STORIES), stories), (zipf(HANDBOOK), handbook))
    return deck(
        ((page, share * weight / sum(one for _, one in part)) for part, share in parts for page, weight in part), 8192
    )


NEXT = _sections(0.42, 0.36, 0.13, 0.09)  # where people go on
# Where visits begin, by the kind of place they come from.
ENTRIES: dict[str, tuple[Page, ...]] = {
    "known": deck(((HOME, 0.62), *((page, 0.38 / 2048) for page in _sections(0.2, 0.4, 0.2, 0.2)[::4])), 4096),
    "search": _sections(0.16, 0.30, 0.42, 0.12),
    "asked": _sections(0.06, 0.22, 0.38, 0.34),
    "linked": _sections(0.22, 0.18, 0.52, 0.08),
    "launch": (LAUNCH_PAGE,) * 15 + (HOME,),
    "letter": (LETTER_PAGE,) * 7 + PRODUCTS[:3],
    "offer": (*PRODUCTS[:6], _MAIN[1][0], _MAIN[2][0]),
}
GONE = deck(zipf(_GONE), 64)

_PLANS = (("free", "0"), ("member", "19"), ("member", "19"), ("team", "79"))
_LINKS = ("https://en.wikipedia.org/wiki/Tent", "https://osm.example/", "https://github.com/shop-example/handbook",
          "https://weather.example/alps", "https://repair.example/cafes")  # fmt: skip
_FILES = ("https://shop.example/files/catalogue.pdf", "https://shop.example/files/sizes.pdf",
          "https://shop.example/files/tent-manual.pdf", "https://shop.example/files/press.zip")  # fmt: skip


def _urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    return deck(((f'{{"url":"{url}"}}', weight) for url, weight in zipf(urls)), 64)


_SIGNUP = tuple(f'{{"plan":"{plan}"}}' for plan, _ in _PLANS)
_PURCHASE = tuple(f'{{"plan":"{plan}","amount":"{amount}"}}' for plan, amount in _PLANS[1:]) + tuple(
    f'{{"plan":"none","amount":"{amount}"}}' for amount in (24, 35, 49, 49, 89, 129, 240)
)
HAPPENS: dict[str, tuple[Happening, ...]] = {
    "pricing": (Happening("signup", 0.04, _SIGNUP),),
    "signup": (Happening("signup", 0.34, _SIGNUP),),
    "cart": (Happening("purchase", 0.31, _PURCHASE),),
    "product": (Happening("add_to_cart", 0.05, tuple(f'{{"amount":"{n}"}}' for n in (24, 35, 49, 89, 129))),),
    "blog": (Happening(OUTBOUND, 0.045, _urls(_LINKS)),),
    "docs": (Happening(DOWNLOAD, 0.08, _urls(_FILES)), Happening(OUTBOUND, 0.03, _urls(_LINKS))),
}
