"""counter.config: what may be set is one table, and a mistake is one sentence that says what is allowed."""

from __future__ import annotations

import dataclasses
import random
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

from counter.calendar.localtime import valid_zones
from counter.config import Config, SiteConfig, check_site_field, load, site_field_from_text
from counter.errors import ConfigError
from counter.settings import SETTINGS, Setting

SHIPPED = Path(__file__).parents[1] / "config.toml"
DEMO = {("sites", "id"): "demo", ("sites", "name"): "Demo"}


def config_of(folder: Path, text: str, **environ: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, environ)


def refusal(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config_of(folder, text, **environ)
    return str(caught.value).replace(f"{folder}/", "")


def row_named(section: str, key: str) -> Setting:
    return next(row for row in SETTINGS if (row.section, row.key) == (section, key))


# Completeness


def test_the_shipped_file_has_every_setting_with_its_default_and_nothing_else() -> None:
    document = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    tables = document | {"sites": document["sites"][0]}
    shipped = [(section, key, value) for section, table in tables.items() for key, value in table.items()]
    expected: list[tuple[str, str, Any]] = []
    for row in SETTINGS:
        default: object = list(row.default) if isinstance(row.default, tuple) else row.default
        expected.append((row.section, row.key, DEMO.get((row.section, row.key), default)))
    assert shipped == expected
    assert len(document["sites"]) == 1


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: f"{row.section}.{row.key}")
def test_the_shipped_file_says_of_each_setting_why_what_is_allowed_and_the_unit(row: Setting) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    header = "[[sites]]" if row.section == "sites" else f"[{row.section}]"
    at = next(n for n in range(lines.index(header), len(lines)) if lines[n].startswith(f"{row.key} = "))
    unit = f" Unit: {row.unit}." if row.unit else ""
    assert lines[at - 2 : at] == [f"# {row.reason}", f"# Allowed: {row.allowed}.{unit}"]


def test_each_setting_is_a_field_and_each_field_a_setting() -> None:
    config = load(SHIPPED, {})
    parts = {field.name: getattr(config, field.name) for field in dataclasses.fields(Config)}
    parts["sites"] = config.sites[0]
    fields = [(section, field.name) for section, part in parts.items() for field in dataclasses.fields(part)]
    assert fields == [(row.section, row.key) for row in SETTINGS]


def test_without_a_file_everything_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(None, {})
    assert dataclasses.replace(config, storage=load(SHIPPED, {}).storage) == dataclasses.replace(
        load(SHIPPED, {}), sites=()
    )
    assert config.storage.path == tmp_path / "data"
    assert config.geoip.database is None


# What is wrong

NETWORKS = "a list of at most 100 addresses or networks such as 10.0.0.0/8 or 2001:db8::/32"
SECTIONS = "[server], [storage], [counting], [privacy], [geoip], [lists], [tracker], [log] and [[sites]]"
SERVER_KEYS = "host, port, socket, public_url, trusted_proxies, address_header, max_connections"
NAME = "1 to 64 of a-z A-Z 0-9 . _ - without a dot in front, and no route"
HIT_PATH = "a path such as /hit, 1 to 4 parts of a-z A-Z 0-9 . _ -, and no route"
SITE = '[[sites]]\nid = "a"\n'
PORT = "an integer from 0 to 65535"

WRONG = [
    ("[server]\nprot = 80", f"[server] prot = 80 is not a setting; allowed are {SERVER_KEYS} (did you mean port?)"),
    ("[server]\nzzz = 1", f"[server] zzz = 1 is not a setting; allowed are {SERVER_KEYS}"),
    ("[servr]\nport = 80", f"servr is not a section; allowed are {SECTIONS} (did you mean server?)"),
    ("port = 80", f"port is not a section; allowed are {SECTIONS} (did you mean [server] port?)"),
    ("server = 80", f"server is not a section; allowed are {SECTIONS} (did you mean server?)"),
    ("[server]\nport = 65536", f"[server] port = 65536 is not allowed; it must be {PORT}"),
    ("[server]\nport = -1", f"[server] port = -1 is not allowed; it must be {PORT}"),
    ('[server]\nport = "80"', f'[server] port = "80" is not allowed; it must be {PORT}'),
    ("[server]\nport = true", f"[server] port = true is not allowed; it must be {PORT}"),
    ("[server]\nport = 80.0", f"[server] port = 80.0 is not allowed; it must be {PORT}"),
    ("[server]\nport = 1979-05-27", f'[server] port = "1979-05-27" is not allowed; it must be {PORT}'),
    ('[server]\nhost = "a b"', '[server] host = "a b" is not allowed; it must be an address or a host name'),
    (
        '[server]\npublic_url = "ftp://a"',
        '[server] public_url = "ftp://a" is not allowed; it must be an http or https address without query, or empty',
    ),
    (
        '[server]\ntrusted_proxies = ["10.0.0.1/8"]',
        (
            f'[server] trusted_proxies = ["10.0.0.1/8"] is not allowed; it must be {NETWORKS}, or "unix:" '
            "(did you mean 10.0.0.0/8?)"
        ),
    ),
    (
        '[counting]\nignored_networks = ["unix:"]',
        f'[counting] ignored_networks = ["unix:"] is not allowed; it must be {NETWORKS}',
    ),
    (
        '[counting]\nignored_networks = "10.0.0.0/8"',
        f'[counting] ignored_networks = "10.0.0.0/8" is not allowed; it must be {NETWORKS}',
    ),
    ("[counting]\nignored_networks = [1]", f"[counting] ignored_networks = [1] is not allowed; it must be {NETWORKS}"),
    (
        '[counting]\nignored_networks = ["::ffff:10.0.0.0/104"]',
        (
            f'[counting] ignored_networks = ["::ffff:10.0.0.0/104"] is not allowed; it must be {NETWORKS} '
            "(write it as IPv4)"
        ),
    ),
    (
        "[counting]\nvisit_timeout_minutes = 241",
        "[counting] visit_timeout_minutes = 241 is not allowed; it must be an integer from 1 to 240",
    ),
    (
        "[counting]\nrespect_gpc = 1",
        "[counting] respect_gpc = 1 is not allowed; it must be true or false",
    ),
    (
        '[storage]\ndurability = "ful"',
        '[storage] durability = "ful" is not allowed; it must be full or normal (did you mean full?)',
    ),
    (
        '[storage]\npath = "~/data"',
        (
            '[storage] path = "~/data" is not allowed; '
            "it must be a path, absolute or seen from the file's folder; ~ is not expanded"
        ),
    ),
    (
        "[storage]\nqueue_hits = 499",
        "[storage] queue_hits = 499 is not allowed; it must be an integer from 500 to 1000000",
    ),
    ('[privacy]\nstore_ip = "off"', '[privacy] store_ip = "off" is not allowed; it must be full, masked or none'),
    (
        '[tracker]\nscript_name = "../x.js"',
        f'[tracker] script_name = "../x.js" is not allowed; it must be {NAME}',
    ),
    ('[tracker]\nhit_path = "hit"', f'[tracker] hit_path = "hit" is not allowed; it must be {HIT_PATH}'),
    ('[tracker]\nhit_path = "/"', f'[tracker] hit_path = "/" is not allowed; it must be {HIT_PATH}'),
    (
        '[tracker]\nhit_path = "/api/v1/totals"',
        '[tracker] hit_path = "/api/v1/totals" is not allowed; /api is a route already',
    ),
    ('[tracker]\nscript_name = "hit"', '[tracker] hit_path = "/hit" is not allowed; the script is there'),
    (
        '[log]\nlevel = "INFO"',
        '[log] level = "INFO" is not allowed; it must be debug, info, warning or error',
    ),
    ('[sites]\nid = "a"', "sites must be written as [[sites]], once for each site"),
    (
        "[[sites]]\n",
        '[[sites]] number 1: id = "" is not allowed; it must be 1 to 64 of a-z A-Z 0-9 . _ - and not dots alone',
    ),
    (SITE + SITE, '[[sites]] number 2: id = "a" is not allowed; each site must have an id of its own'),
    (
        SITE + 'timezone = "Europe/Berln"',
        (
            '[[sites]] number 1: timezone = "Europe/Berln" is not allowed; it must be a time zone such as '
            "Europe/Berlin (did you mean Europe/Berlin?)"
        ),
    ),
    (
        SITE + 'hosts = ["https://example.com"]',
        (
            '[[sites]] number 1: hosts = ["https://example.com"] is not allowed; it must be a list of at most 100 '
            "host names such as example.com or *.example.com, in any letters and without port"
        ),
    ),
    (
        SITE + "start_count = 9007199254740993",
        (
            "[[sites]] number 1: start_count = 9007199254740993 is not allowed; "
            "it must be an integer from 0 to 9007199254740992"
        ),
    ),
    (
        SITE + "host = []",
        (
            "[[sites]] number 1: host = [] is not a setting; allowed are id, name, hosts, timezone, "
            "first_weekday, start_count, public, query_keys, excluded_pages, excluded_referrers, "
            "backdate_days, image_gap_seconds (did you mean hosts?)"
        ),
    ),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[text.replace("\n", " ") for text, _ in WRONG])
def test_a_mistake_is_a_sentence_with_file_key_value_and_what_is_allowed(
    tmp_path: Path, text: str, sentence: str
) -> None:
    assert refusal(tmp_path, text) == f"config.toml: {sentence}."


@pytest.mark.parametrize("text", ["[server\n", "a = ", "[a]\n[a]\n", "x = " + "[" * 5000, "x = " + "9" * 5000])
def test_a_file_that_is_not_toml_is_a_sentence(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).startswith("config.toml: is not TOML: ")


def test_a_file_that_is_not_there_or_not_text_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file or directory\.$"):
        load(tmp_path / "none.toml", {})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary\.toml: is not TOML: "):
        load(tmp_path / "binary.toml", {})


def test_a_long_or_hostile_value_is_cut_and_stays_on_one_line(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, f'[server]\nhost = "\\n\\u001b[31m{"x" * 10_000}"')
    assert len(sentence) < 250
    assert sentence.isprintable()


def test_a_wrong_value_in_the_file_is_refused_even_when_the_environment_wins(tmp_path: Path) -> None:
    assert "port = 65536" in refusal(tmp_path, "[server]\nport = 65536", COUNTER_SERVER_PORT="80")


# The environment


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("COUNTER_SERVER_PORT", "9000", 9000),
        ("COUNTER_SERVER_PUBLIC_URL", "https://stats.example.com/", "https://stats.example.com"),
        ("COUNTER_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1,unix:", ("10.0.0.0/8", "::1", "unix:")),
        ("COUNTER_COUNTING_IGNORED_NETWORKS", "", ()),
        ("COUNTER_COUNTING_RESPECT_GPC", "true", True),
        ("COUNTER_COUNTING_RATE_LIMIT_PER_MINUTE", "0", 0),
        ("COUNTER_PRIVACY_STORE_IP", "masked", "masked"),
        ("COUNTER_LOG_FORMAT", "json", "json"),
    ],
)
def test_the_environment_wins_over_the_file(variable: str, text: str, value: object) -> None:
    section, _, key = variable.removeprefix("COUNTER_").lower().partition("_")
    assert getattr(getattr(load(SHIPPED, {variable: text}), section), key) == value


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("COUNTER_SERVER_PORT", "tcp://10.0.0.1:80", f'= "tcp://10.0.0.1:80" is not allowed; it must be {PORT}.'),
        ("COUNTER_SERVER_PORT", "", f'= "" is not allowed; it must be {PORT}.'),
        ("COUNTER_SERVER_PORT", "8_080", f'= "8_080" is not allowed; it must be {PORT}.'),
        ("COUNTER_COUNTING_RESPECT_GPC", "yes", '= "yes" is not allowed; it must be true or false.'),
        ("COUNTER_LOG_LEVEL", "\udcff", '= "\\udcff" is not allowed; it must be debug, info, warning or error.'),
        (
            "COUNTER_LOG_LEVL",
            "info",
            (
                '= "info" is not a setting; allowed are COUNTER_LOG_LEVEL, COUNTER_LOG_FORMAT '
                "(did you mean COUNTER_LOG_LEVEL?)."
            ),
        ),
        ("COUNTER_SITES_ID", "a", '= "a" is not a setting; sites are set in the file, as [[sites]].'),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(variable: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, {variable: text})
    assert str(caught.value) == f"{variable} {sentence}"


def test_variables_of_no_section_are_left_alone() -> None:
    load(None, {"COUNTER_CONFIG": "x", "COUNTER_PORT_80_TCP": "x", "COUNTER": "x", "PATH": "x", "COUNTERS_LOG_X": "x"})


# Values as the service uses them


def test_paths_are_seen_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    config = config_of(tmp_path, '[storage]\npath = "d"\n[geoip]\ndatabase = "/opt/city.mmdb"')
    assert config.storage.path == tmp_path / "d"
    assert config.geoip.database == Path("/opt/city.mmdb")


def test_a_site_is_written_as_the_service_keeps_it(tmp_path: Path) -> None:
    text = (
        '[[sites]]\nid = "My.Site-1"\nhosts = ["Example.COM.", "[2001:DB8::1]", "example.com"]\nquery_keys = ["id"]\n'
    )
    hosts = ("example.com", "2001:db8::1")
    assert config_of(tmp_path, text).sites == (
        SiteConfig("My.Site-1", "My.Site-1", hosts, "UTC", "monday", 0, True, ("id",), (), (), 1, 0),
    )


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a b",
        "a/b",
        "a:80",
        "*a",
        "*.",
        "a.*",
        "-a.b",
        "a..b",
        "1.2.3",
        "999.1.1.1",
        "fe80::1%e",
        "a" * 64,
        "ä℀.de",  # maps to "äa/c.de"
        "xn--ä.de",
        "[",
        ".",
    ],
)
def test_a_host_that_no_browser_sends_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="site hosts"):
        check_site_field("hosts", [host])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("straße.de", "xn--strae-oqa.de"),
        ("STRAẞE.DE.", "xn--strae-oqa.de"),
        ("*.straße.de", "*.xn--strae-oqa.de"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("ασφαλής.gr", "xn--jxafa4bwbcv.gr"),
    ],
)
def test_a_host_in_any_letters_is_kept_as_browsers_send_it(typed: str, kept: str) -> None:
    assert check_site_field("hosts", [typed]) == (kept,)


@pytest.mark.parametrize(
    "network",
    [
        "",
        " ",
        "10",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/255.0.0.0",
        "10.0.0.1/8",
        "::/129",
        "fe80::1%e",
        "a",
        "/8",
    ],
)
def test_a_network_that_is_none_is_refused(network: str) -> None:
    row = row_named("counting", "ignored_networks")
    with pytest.raises(Exception, match=r"^(did you mean 10\.0\.0\.0/8)?$"):
        row.check([network])


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "//a",
        "http://u:p@a",
        "http://a?b",
        "http://a#b",
        "http://a:0",
        "http://a:99999",
        "http://[",
        "http://a\tb",
        "http://ä",
    ],
)
def test_a_public_url_that_cannot_stand_in_a_snippet_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="COUNTER_SERVER_PUBLIC_URL"):
        load(None, {"COUNTER_SERVER_PUBLIC_URL": url})


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("hosts", "Example.com,www.example.com", ("example.com", "www.example.com")),
        ("hosts", "", ()),
        ("start_count", "2500000", 2_500_000),
        ("public", "false", False),
        ("first_weekday", "sunday", "sunday"),
        ("name", "მთვლელი", "მთვლელი"),
    ],
)
def test_a_site_is_set_from_a_shell_by_the_same_rules(key: str, text: str, value: object) -> None:
    assert site_field_from_text(key, text) == value


def test_a_site_field_that_is_none_or_wrong_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r'^site zone = "UTC" is not a setting; allowed are id, name, .*timezone'):
        site_field_from_text("zone", "UTC")
    with pytest.raises(ConfigError, match=r'^site public = "no" is not allowed; it must be true or false\.$'):
        site_field_from_text("public", "no")
    with pytest.raises(ConfigError, match=r"^site start_count = true is not allowed"):
        check_site_field("start_count", True)


# T-44: time zones

BAD_ZONES = [
    *(
        "",
        " ",
        "..",
        "../../etc/passwd",
        "/etc/localtime",
        "/usr/share/zoneinfo/UTC",
        "Europe/",
        "Europe",
        "/UTC",
        "UTC/",
    ),
    *(
        "localtime",
        "posixrules",
        "right/UTC",
        "posix/UTC",
        "zone.tab",
        "zone1970.tab",
        "tzdata.zi",
        "leapseconds",
        "Factory",
    ),
    *(
        "europe/berlin",
        "EUROPE/BERLIN",
        "Europe/Berlin\0",
        "Europe/Berlin\n",
        " UTC",
        "UTC ",
        "UTC+4",
        "+04:00",
        "GMT+25",
    ),
    *(
        "Europe//Berlin",
        "./UTC",
        "Europe/../UTC",
        "C:\\UTC",
        "EST5EDT4",
        "\udcff",
        "თბილისი",
        "x" * 100_000,
        "None",
        "0",
    ),
]


def random_bad_zones(count: int) -> list[str]:
    rng = random.Random(44)
    known = sorted(valid_zones())
    bad: set[str] = set()
    while len(bad) < count:
        name = rng.choice(known)
        at = rng.randrange(len(name) + 1)
        name = name[:at] + rng.choice(string.printable + "./\\") + name[at + rng.randrange(2) :]
        if name not in valid_zones():
            bad.add(name)
    return sorted(bad)


def test_every_zone_that_is_a_place_is_accepted() -> None:
    zones = valid_zones()
    assert len(zones) > 500
    assert [zone for zone in zones if check_site_field("timezone", zone) != zone] == []


@pytest.mark.parametrize(
    "zone", ["Asia/Calcutta", "Europe/Kiev", "US/Eastern", "Asia/Tbilisi", "Australia/Lord_Howe", "GMT", "Etc/GMT-4"]
)
def test_legacy_names_of_zones_work(zone: str) -> None:
    assert check_site_field("timezone", zone) == zone


def test_200_bad_names_of_zones_are_refused_with_a_sentence() -> None:
    names = [*BAD_ZONES, *random_bad_zones(200 - len(BAD_ZONES))]
    assert len(names) == 200
    for name in names:
        with pytest.raises(
            ConfigError, match=r"^site timezone = .* it must be a time zone such as Europe/Berlin"
        ) as caught:
            check_site_field("timezone", name)
        assert str(caught.value).isprintable()
