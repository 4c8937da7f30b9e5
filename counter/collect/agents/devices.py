"""Which device and which system a user agent is from, where ua-parser's answer is not what owners mean.

The patterns run in ua-parser's Rust matcher, as those of bots do: some microseconds for all of them, in linear time.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from ua_parser_rs import UserAgentExtractor

# The closed set of device classes; '' is unknown.
DEVICES: Final = ("desktop", "phone", "tablet", "tv", "console", "bot", "")

# The first row that matches wins. Boxes below a television call themselves as they like, so their makers' names stand
# here; so do tablets that say Mobile as a phone does, and phones that unfold to a tablet and then don't.
_CLASSES: Final = (
    ("console", (
        r"(?i)playstation|\bXbox\b|XBOX_ONE|Nintendo", r"\((?:PS3|PS4)\b", "SteamDeck|Steam Deck", "OUYA", "Dreamcast",
        r"Android [\d.]+; (?:Switch(?: Lite| OLED)?\)|Retroid|RG(?:35|40|50|55)\d|AYANEO|Razer Edge)", "ARCHOS GAMEPAD",
    )),
    ("tv", (
        r"(?i)smart-?tv|smarttv_|google ?tv|android ?tv|apple ?tv|fire ?tv|hbbtv|hybridcast",
        r"(?i)CE-HTML|\bviera|VIDAA|\bTiVo",
        r"\btvOS\b|NetCast|[Ww]eb0[Ss]|webOS\.TV|BRAVIA|AQUOS|\bAFT[A-Z0-9]|\bRoku|CrKey|Chromecast|Vizio|VIZIO",
        r"\(DTV\b|InettvBrowser|POV_TV|Espial|NETTV/|NETRANGE|SRAF/|OMI/|VSTVB|DuneHD|Boxee|Opera TV|KreaTV|avui/tv",
        r"Tizen.*\bTV\b|Linux.*SmartHub|Maple ?\d|TV Safari|_TV_NT|\(TV;|WHALEOS|Coolita|/Vestel|\(Vestel",
        "Freebox|WebTV",
        r"(?:GW|MR|EM)-Device/|BrightSign|_STB_|Sky_OTT|Opera/9\.80 \(Linux (?:mips|sh4|armv)",
        r"(?i)\bmi ?tv|\bmi ?box|; MIBOX|Xiaomi TV|\bADT-\d|SHIELD Android|Nexus Player|BeyondTV|iptv|tv[ _-]?box",
        r"(?i)\bstb\b",
        r"; ?(?:X96|X88|X98|T95|H96|HK1|MXQ|A95X|M8S|KM[2-9]\b|GTKing|SberBox|FlowBox|YNDX-00|haierATV)|\bSmartATV",
        r"(?i); ?(?:tanix|transpeed|mecool|vontar|ugoos|beelink|rombica|iconbit|zidoo|nexon|formuler|pendoo|mygica)",
        r"Android.*; ?(?:[\w +-]+ )?(?:[Bb]ox|BOX|[Ss]tick|STICK)(?: R)?(?: 4K)?(?:[ ;)]|$)|; \w+[ _][Ss]hell[ _]",
        r"Android.*; ?(?:[\w-]+[-_ ])?LED-?\d\d|; ?(?:TD|TF-|SL-)?TDTV|; ?\w*[a-z]TV\w*|; ?QM1\w|\bSMART[ _]TV\b",
        r"Android [\d.]+; ?(?:[A-Z]{1,2}-?)?(?:24|32|39|40|42|43|49|50|55|58|65|75|86)[A-Z]{1,3}\d{3}",
    )),
    ("tablet", (
        r"; ?Tablet[;)]|\(Tablet;|[ _]Tablet\b|TABLET", r"\biPad|Silk/|\bKF[A-Z]{3,5}\b|Kindle|Xoom|PlayBook|TouchPad",
        r"(?i)\b(?:galaxy )?tab[ _-]?(?:[asep]?\d|\b)|(?:media|mate|idea|oppo|vivo|honor|redmi|poco)[ _-]?(?:pad|tab)",
        r"(?i)\bmi[ _]?pad|(?:realme|oneplus)[ _]pad|[ _-]pad\b", r"SM-[TX]\d|SM-P\d|GT-P\d{3}|GT-N(?:51|80)",
        r"Nexus (?:7|9|10)\b|Pixel (?:C|Tablet)\b|\bSGP\d|Xperia (?:Z\d? )?Tablet|ASUS_P0|Transformer",
        r"\b(?:Lenovo )?(?:TB|YT)[ _-]?[A-Z]?\d{3}|Lenovo (?:TAB|YOGA|A[1357]0|B[68]0|S[56]000|A7600)",
        r"\b(?:AGS|AGR|AGM|BAH|BTV|BTK|BZ[ATWCKIH]|BRT|CPN|DBY|DBR|GOT|HEY|JDN|KOB|MON|MRX|SCM|SCMR|SHT|VRD|WGRR?|CMR)\d?-",
        r"\bA1-[78]\d\d|\bB[13]-[A7]\d\d|NOOK|BNRV|BNTV|PocketBook|TECLAST|CHUWI|Prestigio PMT|; PMT\d|\bMID-?\d{3}",
    )),
    ("phone", (r"\bSM-F\d|Pixel \d* ?(?:Pro )?Fold|Surface Duo|\(Phone;|KAIOS|KaiOS|Lumia",)),
    ("desktop", (r"\((?:PC|2in1);|(?i)chromebook|Pixelbook",)),
)  # fmt: skip

_MATCHER: Final = UserAgentExtractor(
    (pattern, name, None, None, None, None) for name, patterns in _CLASSES for pattern in patterns
)
# An iPad says that it is a Mac, but no Mac has these: browsers of iOS, the build of its system, names of applications.
_IPAD: Final = re.compile(r"CriOS/|FxiOS/|EdgiOS/|GSA/|OPiOS/|Mobile/\d\d[A-Z]|iPad")
_MOBILE: Final = (
    "mobile",
    "phone",
    "midp",
    "cldc",
    "up.browser",
    "symbian",
    "series40",
    "series60",
    "blackberry",
    "palm",
)
_COMPUTER: Final = re.compile(
    r"Windows|Win9|Macintosh|Mac OS X|Mac_PowerPC|X11|Wayland|BSD|CrOS|Linux (?:x86_64|i[3-6]86)|Ubuntu|Haiku|BeOS|"
    r"Amiga|RISC OS|SunOS|SerenityOS|CYGWIN|OS/2|[;(] ?Linux[;) ]"
)


class Parsed(Protocol):
    """What is asked of a parsed user agent, as `user_agents` has it."""

    ua_string: str
    is_tablet: bool
    is_mobile: bool
    is_pc: bool


def device_class(agent: Parsed) -> str:
    """One of DEVICES; never `bot`."""
    text, lower = agent.ua_string, agent.ua_string.lower()
    found = _MATCHER.extract(text)
    if found is not None and not (found.family == "tablet" and "Windows NT" in text):  # Tablet PC is a part of Windows
        return str(found.family)
    if is_ipad_as_mac(text):
        return "tablet"
    mobile = any(word in lower for word in _MOBILE)
    if "android" in lower or "; adr " in lower or agent.is_tablet:
        return "phone" if mobile else "tablet"
    if agent.is_mobile or (mobile and not agent.is_pc):
        return "phone"
    return "desktop" if agent.is_pc or _COMPUTER.search(text) else ""


def is_ipad_as_mac(text: str) -> bool:
    """Whether the user agent is of an iPad that asks for pages as a Mac gets them."""
    return "Macintosh" in text and _IPAD.search(text) is not None


def system_name(text: str, family: str) -> str:
    """The system that the user agent `text` is from; `family` is ua-parser's word for it, '' unknown."""
    if is_ipad_as_mac(text):
        return "iOS"
    if "HarmonyOS" in text or "OpenHarmony" in text:  # to ua-parser Android, or nothing
        return "HarmonyOS"
    return "KaiOS" if "KAIOS" in text or "KaiOS" in text else family
