# ruff: noqa: E501  # a user agent is as long as it is
"""Devices are what people hold or look at, whatever their user agents have in common with others."""

from __future__ import annotations

import pytest

from counter.collect.agents.useragent import UserAgents

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = "Chrome/124.0.0.0 Safari/537.36"
MOBILE = "Chrome/124.0.0.0 Mobile Safari/537.36"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE}"
IPAD = f"Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) {APPLE}"


@pytest.fixture(scope="module")
def agents() -> UserAgents:
    return UserAgents()


def android(model: str, rest: str = CHROME) -> str:
    return f"Mozilla/5.0 (Linux; Android 12; {model}) {WEBKIT} {rest}"


@pytest.mark.parametrize(
    ("device", "text"),
    [
        ("phone", android("K", MOBILE)),
        ("phone", android("SM-F946B", CHROME)),
        ("phone", android("Pixel 9 Pro Fold", CHROME)),
        ("phone", android("moto g power (2022)", MOBILE)),
        ("phone", android("A350 TV", MOBILE)),
        ("phone", android("Vestel_5000", MOBILE)),
        ("phone", android("ASUS_T00F", MOBILE)),
        ("phone", f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Version/4.0 Chrome/124.0.0.0 Mobile DuckDuckGo/5 Safari/537.36"),
        ("phone", "UCWEB/2.0 (Linux; U; Adr 4.2.2; zh-CN; X909T) U2/1.0.0 UCBrowser/9.6.2.404 U2/1.0.0 Mobile"),
        ("phone", "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5"),
        ("phone", f"Mozilla/5.0 (Linux; Tizen 2.4; SAMSUNG SM-Z200M) {WEBKIT} SamsungBrowser/1.1 Mobile Safari/537.3"),
        ("phone", "mozilla/5.0 (linux; android 9; armor_7) applewebkit/537.36 (khtml, like gecko) chrome/83.0.4103.106 mobile safari/537.36"),
        ("phone", "MOT-V9mm/00.62 UP.Browser/6.2.3.4.c.1.123 (GUI) MMP/2.0"),
        ("phone", f"Mozilla/5.0 (Windows NT 10.0; ARM; Lumia 640 LTE) {WEBKIT} Chrome/42.0.2311.135 Safari/537.36 Edge/12.10536"),
        ("tablet", android("K", CHROME)),
        ("tablet", android("KFTRWI", f"Silk/124.2.1 like {CHROME}")),
        ("tablet", f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Silk/124.2.1 like {CHROME}"),
        ("tablet", android("Lenovo TB-X606F", MOBILE)),
        ("tablet", android("JDN2-L09", MOBILE)),
        ("tablet", android("MediaPad T5", MOBILE)),
        ("tablet", android("Redmi Pad", MOBILE)),
        ("tablet", android("SM-T975", MOBILE)),
        ("tablet", "Mozilla/5.0 (Android 13; Tablet; rv:128.0) Gecko/128.0 Firefox/128.0"),
        ("tablet", f"Mozilla/5.0 (Tablet; OpenHarmony 5.0) {WEBKIT} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"),
        ("tablet", f"{IPAD} Mobile/15E148 [FBAN/FBIOS;FBDV/iPad13,8;FBMD/iPad;FBSN/iPadOS]"),
        ("tablet", f"{MAC} Mobile/15E148 [FBAN/FBIOS;FBDV/iPad13,8;FBMD/iPad;FBSN/iPadOS]"),
        ("tablet", f"{MAC} Mobile/15E148 Instagram 334.0.4.32.98 (iPad13,1; iPadOS 17_4; en_US)"),
        ("tablet", f"{MAC} CriOS/123 Version/11.1.1 Safari/605.1.15"),
        ("tv", android("AFTMM Build/NS6265; wv", f"Version/4.0 {MOBILE}")),
        ("tv", android("MIBOX4 Build/PI; wv")),
        ("tv", android("MiTV-MSSP1", MOBILE)),
        ("tv", android("Chromecast Build/STTE.230319.008; wv", f"Version/4.0 {MOBILE}")),
        ("tv", android("X96Max_Plus2")),
        ("tv", android("H32G8000Q Build/PPR1.180610.011; wv", MOBILE)),
        ("tv", android("BRAVIA 4K UR2")),
        ("tv", android("SHIELD Android TV")),
        ("tv", f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) {WEBKIT} 94.0.4606.31/7.0 TV Safari/537.36"),
        ("tv", f"Mozilla/5.0 (Web0S; Linux/SmartTV) {WEBKIT} {CHROME} WebAppManager"),
        ("tv", f"Mozilla/5.0 (Linux; Tizen 2.3; SmartHub; SMART-TV; SmartTV; U; Maple2012) {WEBKIT}"),
        ("tv", f"Mozilla/5.0 (Fuchsia) {WEBKIT} {CHROME} CrKey/1.56.500000"),
        ("tv", "Opera/9.80 (Linux mips; ) Presto/2.12.407 Version/12.51 MB95/3.3.6.X (TOSHIBA, Si2156LG32, wireless)"),
        ("tv", "Roku/DVP-14.5 (14.5.4.5934)"),
        ("console", f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; XBOX_ONE_ED) {WEBKIT} Chrome/51.0.2704.79 Safari/537.36 Edge/14.14393"),
        ("console", f"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) {APPLE} Version/13.0 Safari/605.1.15"),
        ("console", "Mozilla/5.0 (PLAYSTATION 3; 3.55)"),
        ("console", f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} {CHROME} SteamDeck"),
        ("console", f"Mozilla/5.0 (Nintendo Switch; WebApplet) {WEBKIT} NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474"),
        ("desktop", f"{MAC} Version/17.4 Safari/605.1.15"),
        ("desktop", "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/7.0; SLCC2; Tablet PC 2.0; .NET CLR 3.0.30729)"),
        ("desktop", f"Mozilla/5.0 (PC; OpenHarmony 5.0) {WEBKIT} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"),
        ("desktop", "Mozilla/5.0 (X11; FreeBSD amd64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("desktop", f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} {CHROME}"),
        ("desktop", f"Mozilla/5.0 (Wayland; Linux x86_64; System76) {WEBKIT} {CHROME}"),
        ("desktop", "Mozilla/5.0 (compatible; Konqueror/3.5; Linux) KHTML/3.5.5 (like Gecko) (Kubuntu)"),
    ],
)  # fmt: skip
def test_a_device_is_what_people_would_call_it(agents: UserAgents, device: str, text: str) -> None:
    assert (agents.look_up(text).bot, agents.look_up(text).device) == (None, device)


@pytest.mark.parametrize(
    ("system", "text"),
    [
        ("HarmonyOS", f"Mozilla/5.0 (Phone; OpenHarmony 5.0) {WEBKIT} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"),
        ("HarmonyOS", f"Mozilla/5.0 (Linux; Android 12; HarmonyOS; GRL-AL10; HMSCore 6.14.0.309) {WEBKIT} {MOBILE}"),
        ("KaiOS", "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5"),
        ("KaiOS", "Mozilla/5.0 (Mobile; ALCATEL4044T; rv:37.0) Gecko/37.0 Firefox/37.0 KaiOS/1.0"),
        ("iOS", f"{MAC} Mobile/15E148 [FBAN/FBIOS;FBDV/iPad13,8;FBMD/iPad;FBSN/iPadOS]"),
        ("iOS", f"{MAC} CriOS/123 Version/11.1.1 Safari/605.1.15"),
        ("Mac OS X", f"{MAC} Version/17.4 Safari/605.1.15"),
        ("Android", android("K", MOBILE)),
        ("Tizen", f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) {WEBKIT} 94.0.4606.31/7.0 TV Safari/537.36"),
    ],
)  # fmt: skip
def test_a_system_has_its_own_name(agents: UserAgents, system: str, text: str) -> None:
    assert agents.look_up(text).system == system


@pytest.mark.parametrize(
    "text",
    [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
        "Mozilla/5.0 (Wayland; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
    ],
)
def test_a_browser_of_gnome_is_not_a_version_of_safari(agents: UserAgents, text: str) -> None:
    """WebKitGTK has sent a Safari's version of every kind, and none of its own."""
    facts = agents.look_up(text)
    assert (facts.browser, facts.browser_version) == ("GNOME Web", "GNOME Web")
