"""One spelling for each language: `zh-TW`, `zh_Hant_HK` and `zh-CHT` are `zh-Hant`, `iw-IL` is `he-IL`.

The tables are those of CLDR 48 (Unicode License v3, see NOTICE): aliases of languages and territories, and likely
scripts. Nothing is imported from the rest of the counter, so that a migration can ask the same rules.
"""

from __future__ import annotations

import re
from typing import Final

MAX_TAG: Final = 64  # characters looked at; the longest tags of browsers have 35


def _pairs(text: str) -> dict[str, str]:
    """`iw:he in:id` as a table."""
    return dict(pair.split(":") for pair in text.split())


# Deprecated codes, members of a macrolanguage that stand for it, and the three letters of languages that have two.
# `no` is not CLDR's alias of `nb` any more, but nobody writes anything else under that name.
_LANGUAGES: Final = _pairs("""
    in:id iw:he ji:yi jw:jv mo:ro no:nb sh:sr-Latn cnr:sr-ME tl:fil tw:ak bh:bho drw:fa-AF prs:fa-AF swc:sw-CD
    aar:aa abk:ab adp:dz afr:af aka:ak alb:sq als:sq amh:am ara:ar arb:ar arg:an arm:hy asm:as ava:av ave:ae aym:ay
    ayr:ay aze:az azj:az bak:ba bam:bm baq:eu bel:be ben:bn bih:bho bis:bi bod:bo bos:bs bre:br bul:bg bur:my cat:ca
    ces:cs cha:ch che:ce chi:zh chu:cu chv:cv cls:sa cmn:zh cor:kw cos:co cre:cr cwd:cr cym:cy cze:cs dan:da deu:de
    div:dv drh:mn dut:nl dzo:dz ekk:et ell:el eng:en epo:eo esk:ik est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi
    fra:fr fre:fr fry:fy fuc:ff ful:ff gaz:om geo:ka ger:de gla:gd gle:ga glg:gl glv:gv gre:el grn:gn gug:gn guj:gu
    hat:ht hau:ha hbs:sr-Latn heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu hye:hy ibo:ig ice:is ido:io iii:ii ike:iu
    iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kat:ka kau:kr kaz:kk khk:mn
    khm:km kik:ki kin:rw kir:ky kmr:ku knc:kr kng:kg kom:kv kon:kg kor:ko kpv:kv kua:kj kur:ku lao:lo lat:la lav:lv
    lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg lvs:lv mac:mk mah:mh mal:ml mao:mi mar:mr may:ms mkd:mk mlg:mg mlt:mt
    mol:ro mon:mn mri:mi msa:ms mya:my nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:nb npi:ne
    nya:ny oci:oc ojg:oj oji:oj ori:or orm:om ory:or oss:os pan:pa pbu:ps per:fa pes:fa pli:pi plt:mg pol:pl por:pt
    prp:gu pus:ps que:qu quz:qu roh:rm ron:ro rum:ro run:rn rus:ru sag:sg san:sa scc:sr scr:hr sin:si slk:sk slo:sk
    slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq src:sc srd:sc srp:sr ssw:ss sun:su swa:sw swe:sv
    swh:sw tah:ty tam:ta tat:tt tel:te tgk:tg tgl:fil tha:th tib:bo tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:ak
    uig:ug ukr:uk urd:ur uzb:uz uzn:uz ven:ve vie:vi vol:vo wel:cy wln:wa wol:wo xho:xh ydd:yi yid:yi yor:yo zha:za
    zho:zh zsm:ms zul:zu zyb:za
""")

# Territories that have another code today; of one that fell apart, the first that CLDR names.
_REGIONS: Final = _pairs("""
    AN:CW BU:MM CS:RS CT:KI DD:DE DY:BJ FQ:AQ FX:FR HV:BF JT:UM MI:UM NH:VU NQ:AQ NT:SA PC:FM PU:UM PZ:PA QU:EU RH:ZW
    SU:RU TP:TL UK:GB VD:VN WK:UM YD:YE YU:RS ZR:CD
""")

# The script that a language is written in unless its tag says otherwise; Latin where none is given.
_SCRIPTS: Final = {
    language: script
    for script, languages in {
        "Arab": "apc ar ary bal bgn bqi brh ckb fa ks lrc mzn ps sd sdh skr trw ug ur",
        "Armn": "hy", "Beng": "as bn mni", "Cans": "cr csw iu oj", "Cher": "chr",
        "Cyrl": "ab ady av ba be bg bua ce cu cv kaa kbd kk kv ky mdf mk mn myv os ru sah sr tg tt tyv uk",
        "Deva": "bgc bho brx doi hi kok mai mr ne raj sa suz xnr", "Ethi": "am byn gez ti tig wal",
        "Geor": "ka", "Grek": "el", "Gujr": "gu", "Guru": "pa", "Hans": "zh", "Hant": "yue", "Hebr": "he yi",
        "Jpan": "ja", "Khmr": "km", "Knda": "kn", "Kore": "ko", "Laoo": "lo", "Mlym": "ml", "Mymr": "my shn",
        "Nkoo": "nqo", "Olck": "sat", "Orya": "or", "Sinh": "si", "Syrc": "syr", "Taml": "ta", "Telu": "te",
        "Tfng": "shi zgh", "Thaa": "dv", "Thai": "th", "Tibt": "bo dz", "Vaii": "vai", "Yiii": "ii",
    }.items()
    for language in languages.split()
}  # fmt: skip

# Where a language is written in another script than elsewhere.
_ELSEWHERE: Final = {
    (language, region): script
    for language, script, regions in (
        ("az", "Arab", "IQ IR"), ("az", "Cyrl", "RU"), ("ha", "Arab", "CM SD"), ("kk", "Arab", "AF CN IR MN"),
        ("ku", "Arab", "IQ IR LB"), ("ku", "Cyrl", "AM AZ GE TM"), ("ky", "Arab", "CN"), ("ky", "Latn", "TR"),
        ("mn", "Mong", "CN"), ("ms", "Arab", "CC"), ("pa", "Arab", "PK"), ("sd", "Deva", "IN"),
        ("sr", "Latn", "ME RO TR"), ("tg", "Arab", "PK"), ("ug", "Cyrl", "KZ MN"), ("uz", "Arab", "AF"),
        ("uz", "Cyrl", "CN"), ("yue", "Hans", "CN"),
        ("zh", "Hant", "AU BN GB GF HK ID MO PA PF PH SR TH TW US VN"),
    )
    for region in regions.split()
}  # fmt: skip

_ALWAYS_WITH_SCRIPT: Final = frozenset({"zh"})  # its two scripts are read as two languages
_NO_LANGUAGE: Final = frozenset({"und", "mis", "mul", "zxx"})
# What stood for a script in tags of Windows, and before there were subtags for scripts.
_OLD_SCRIPTS: Final = {"chs": "Hans", "cht": "Hant"}

_TAG: Final = re.compile(
    r"([a-z]{2,3})(?:-([a-z]{3})(?![a-z0-9]))?(?:-([a-z]{4})(?![a-z0-9]))?(?:-([a-z]{2}|[0-9]{3})(?![a-z0-9]))?(?:-.*)?",
    re.DOTALL,
)


def canonical_language(tag: str) -> str:
    """The one value of a language tag, of one or two subtags: `en-US`, `ka`, `zh-Hant`, `sr-Latn`; '' of no tag.

    Language and region stay. A script stays where the language has another one by default, and then the region goes;
    Chinese always has its script. Any text is taken, in any case, with `_` or `-`. Of its own result it changes
    nothing.
    """
    found = _TAG.fullmatch(re.split("[.@]", tag.strip()[:MAX_TAG])[0].replace("_", "-").lower())
    if found is None:
        return ""
    language, extension, script, region = found.groups()
    if extension in ("cmn", "yue"):  # zh-yue-HK: the old way to write yue-HK
        language = extension
    language, alias_script, alias_region = _language(language)
    if language in _NO_LANGUAGE:
        return ""
    script = (script or _OLD_SCRIPTS.get(extension, "") or alias_script).capitalize()
    region = (region or alias_region).upper()
    return _written(language, script, _REGIONS.get(region, region))


def _language(code: str) -> tuple[str, str, str]:
    """Language, script and region that a code stands for: `sh` is Serbian in Latin script."""
    language, _, rest = _LANGUAGES.get(code, code).partition("-")
    return (language, rest, "") if len(rest) == 4 else (language, "", rest)


def _written(language: str, script: str, region: str) -> str:
    """The tag of at most two subtags."""
    default = _SCRIPTS.get(language, "Latn")
    script = script or _ELSEWHERE.get((language, region), default)
    if script != default or language in _ALWAYS_WITH_SCRIPT:
        return f"{language}-{script}"
    return f"{language}-{region}" if region else language
