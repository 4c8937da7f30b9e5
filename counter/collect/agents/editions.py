"""One name for each browser: the editions of Chrome for phones and for iOS are Chrome, as in other products.

The editions are names of the user agent parser, and what was stored while each was a browser of its own. Nothing is
imported from the rest of the counter, so that a migration can ask the same table.
"""

from __future__ import annotations

from typing import Final

# An edition for another system, an early one, or another spelling. Browsers that their makers sell as others, with
# pages shown by another engine or shape (Opera Mini, Opera GX, Samsung Internet), are none.
_EDITIONS: Final = {
    edition: browser
    for browser, editions in {
        "Chrome": ("Chrome Mobile", "Chrome Mobile iOS"),
        "Firefox": (
            "Firefox Mobile", "Firefox iOS", "Firefox Alpha", "Firefox Beta", "Fennec", "MozillaDeveloperPreview",
            "Firefox (Minefield)", "Firefox (Namoroka)", "Firefox (Shiretoko)", "GranParadiso", "Bon Echo",
        ),
        "Safari": ("Mobile Safari", "WebKit Nightly"),
        "Edge": ("Edge Mobile",),
        "Opera": ("Opera Mobile", "Opera Tablet"),
        "IE": ("IE Mobile", "IE Large Screen"),
        "DuckDuckGo": ("DuckDuckGo Mobile",),
        "Ecosia": ("Ecosia Android", "Ecosia iOS"),
        "QQ Browser": ("QQ Browser Mobile", "QQ Browser Mini"),
        "Quark": ("Quark PC",),
        "BlackBerry": ("BlackBerry WebKit",),
        "Nokia Browser": ("Nokia OSS Browser", "Nokia Services (WAP) Browser", "Ovi Browser"),
        "GNOME Web": ("Epiphany",),
        "Comodo Dragon": ("Dragon",),
        "Iceweasel": ("IceWeasel",),
        "NetFront": ("Netfront", "NetFront NX"),
        "Bolt": ("BOLT",),
        "Pale Moon": ("PaleMoon",),
        "Steam Client": ("Steam GameOverlay",),
        # The browser that an application shows a page in, where it does not say which application it is.
        "Android WebView": ("Chrome Mobile WebView",),
        "iOS WebView": ("Mobile Safari UI/WKWebView",),
    }.items()
    for edition in editions
}  # fmt: skip


def browser_edition(name: str) -> str:
    """The one value of a browser, with its version or without: `Chrome Mobile 124` is `Chrome 124`.

    Names without a row, and the results themselves, stay as they are.
    """
    if name in _EDITIONS:
        return _EDITIONS[name]
    family, _, version = name.rpartition(" ")
    return f"{_EDITIONS[family]} {version}" if version[:1].isdigit() and family in _EDITIONS else name
