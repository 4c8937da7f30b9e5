"""What an address says of one visitor and not of the page: session ids, click ids, tracking parameters.

    without_session("/item.jsp;jsessionid=A1B2?id=7") -> "/item.jsp?id=7"
    is_visitors("gclid", "x"), is_visitors("page", "2") -> True, False

A session id is a secret: who has it may be that visitor to the shop. So none is stored, whatever page it stands in.
"""

from __future__ import annotations

import re
from typing import Final

# Never part of a page, even when a site's allow-list names one: they differ at every click or for every reader.
TRACKING: Final = frozenset(
    """
    __hsfp __hssc __hstc __s __twitter_impression _bta_c _bta_tid _ga _gac _gcl_au _gl _hsenc _hsmi _ke _kx _openstat
    _sm_au_ action_object_map action_ref_map action_type_map adj_t at_campaign at_medium awc bd_vid bsft_clkid bsft_eid
    bsft_mid bsft_uid ceneo_spo cjdata cjevent cuid cx_click cx_recsorder cx_recswidget dclid dicbo dm_i ef_id
    elqtrack elqtrackid epik fb_action_ids fb_action_types fb_comment_id fb_ref fb_source fbclid gad_campaignid
    gad_source gbraid gclid gclsrc gdt_vid gs_l guce_referrer guce_referrer_sig hmb_campaign hmb_medium hmb_source
    hsctatracking igsh igshid irclickid irgwc iterable_campaign iterable_template itm_campaign itm_content itm_medium
    itm_source itm_term ko_click_id ldtag_cl li_fat_id lipi lt_r mc_cid mc_eid mc_tc mibextid mkcid mkevt mkrid mkt_tok
    mkwid ml_subscriber ml_subscriber_hash msclkid msockid mtm_campaign mtm_cid mtm_content mtm_group mtm_keyword
    mtm_kwd mtm_medium mtm_placement mtm_source n_ad n_ad_group n_campaign_type n_keyword_id n_media n_query n_rank
    nb_klid napm nr_email_referer nvadid obclid oly_anon_id oly_enc_id originalreferer pcrid pf_rd_i pf_rd_m pf_rd_p
    pf_rd_r pf_rd_s pf_rd_t piwik_campaign piwik_keyword piwik_kwd pk_campaign pk_cid pk_content pk_keyword pk_kwd
    pk_medium pk_source qclid qz_gdt rb_clickid rdt_cid redirect_log_mongo_id redirect_mongo_id ref_src ref_url s_cid
    s_kwcid sb_referer_host sc_campaign sc_channel sc_cid sc_medium sc_outcome sc_src sccid sfmc_id sfmc_sub soc_src
    soc_trk sms_click sms_source sms_uph srsltid sscid sznclid tblci tduid trk_contact trk_module trk_msg trk_sid
    trkcampaign trkinfo ttclid twclid vero_conv vero_id vmcid wbraid wickedid wickedsource wprov wt_mc wt_zmc xtor
    ycl yclid ymclid ymid ysclid yj_r zanpid
    """.split()  # noqa: SIM905  # two hundred quoted names read worse
)
_TRACKING_KEY: Final = re.compile(r"utm_|hsa_|_gac_|_gcl_|bsft_")  # families with members that no list has all of

# Names that nobody uses for anything but a session id.
_SESSION: Final = (
    r"(?:j-?sessionid[a-z0-9_.]*|jservsessionid[a-z0-9_]*|jroute|jreplica|\$sessionid|php_?sess(?:ion)?_?id|phpsid"
    r"|asp\.net_sessionid|aspsessionid[a-z]*|sess_?id|cf_?(?:session_?)?id|cftoken|weblogicsession|adminconsolesession"
    r"|bv_(?:session|engine)id|[a-z]*session_?token|oscsid|xtcsid|zenid|mscsid|gsessionid|psession_?id|nsesid|___sid"
    r"|rack\.session|connect\.sid|laravel_session|ci_session)"
)
# Of these each is something else somewhere: a story's number, a conference's session. As a parameter of a path the
# first ones are sessions; whatever else has one of the names is one when its value is made up by a program.
_SHORT: Final = r"(?:sid|sess|session_?id)"
_MAYBE: Final = (
    r"(?:s|sid|s_id|sess|session|session_?id|session_?key|user_?session|token|auth|auth_?token|access_?token|ticket)"
)
_RANDOM: Final = r"(?=[a-z._,-]*\d)(?=[\d._,-]*[a-z])[a-z0-9._,-]{16,}"
_MARK: Final = r"(?:[;,!&]|%3b)"
_IS: Final = r"(?:=|%3d)"
_END: Final = r"(?=[/?#;,!&]|%3b|\Z)"

_SIGN: Final = re.compile(r"[;,!&$(]|%3b|%28|sid/|sessionid/|zenid/|cfid/", re.IGNORECASE)  # without one there is none
_PARAMETER: Final = re.compile(
    rf"{_MARK}(?:{_SESSION}|{_SHORT})(?:{_IS}(?:(?!%3b|[,&][a-z$_.]+{_IS})[^/?#;])*)"
    rf"|(?:;|%3b)(?:{_SESSION}|{_SHORT}){_END}"
    rf"|{_MARK}{_MAYBE}{_IS}{_RANDOM}{_END}"
    rf"|(?:{_MARK}|\$)\$?j?sessionid\$[^/?#;]*",
    re.IGNORECASE,
)
# The session as a folder of its own: ASP.NET without cookies, '/(S(lit3py55t21z5v55vlm25s55))/'; before 2.0 without S.
_FOLDER: Final = re.compile(
    r"/(?:\(|%28)(?:(?:[afsx](?:\(|%28)[^()/?#%]*(?:\)|%29))+|[a-z0-5]{24})(?:\)|%29)(?=[/?#]|\Z)", re.IGNORECASE
)
# And as two, the name and then the value: '/osCsid/0a1b2c3d4e5f6071'.
_FOLDERS: Final = re.compile(
    rf"/(?:j?sessionid|phpsess_?id|sid|oscsid|xtcsid|zenid)/+(?:{_RANDOM}|\d{{16,}})(?=[/?#]|\Z)"
    r"|/cfid/+\d+/+cftoken/+[a-z0-9-]+",
    re.IGNORECASE,
)

_SESSION_KEY: Final = re.compile(_SESSION, re.IGNORECASE)
_MAYBE_KEY: Final = re.compile(_MAYBE, re.IGNORECASE)
_RANDOM_VALUE: Final = re.compile(_RANDOM, re.IGNORECASE)


def may_have_session(text: str) -> bool:
    """Whether `without_session` has to be asked; nearly all paths have no such sign."""
    return _SIGN.search(text) is not None


def without_session(path: str) -> str:
    """A path, escaped or decoded, without the session ids in it; other parameters (`/a;v=1`) stay. Never raises."""
    if not may_have_session(path):
        return path
    while (less := _FOLDERS.sub("", _FOLDER.sub("", _PARAMETER.sub("", path)))) != path:
        path = less  # what comes together may be one again; each round is shorter
    return path


def is_visitors(key: str, value: str) -> bool:
    """Whether a query parameter belongs to the visitor or the link, and so to no page."""
    key = key.lower()
    if key in TRACKING or _TRACKING_KEY.match(key) or _SESSION_KEY.fullmatch(key):
        return True
    return _MAYBE_KEY.fullmatch(key) is not None and _RANDOM_VALUE.fullmatch(value) is not None
