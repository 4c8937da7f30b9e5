"""Formats of access logs: what a line of each says, how hostile ones are refused, and which format a log is in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.errors import UsageError
from counter.logfiles.formats import CUSTOM, DETECTED, FORMATS, detect, find_format, last_header
from counter.logfiles.formats.combined import LogLine
from tests.kit.synthetic_log import synthetic_log

AT = 1431857103  # 17/May/2015:10:05:03 +0000
AGENT = 'Mozilla/5.0 (X11; "a" \\ ж)'
SEEN = LogLine("192.0.2.7", AT, "GET", "/a?b=c", 200, "http://other.example/", "Mozilla/5.0 (X11)", "example.org")
REST = (
    '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 23'
    ' "http://other.example/" "Mozilla/5.0 (X11)"'
)

NGINX: dict[str, object] = {
    "time_iso8601": "2015-05-17T12:05:03+02:00", "remote_addr": "192.0.2.7", "remote_user": "",
    "request": "GET /a?b=c HTTP/1.1", "status": "200", "body_bytes_sent": "23", "request_time": "0.004",
    "http_referer": "http://other.example/", "http_user_agent": "Mozilla/5.0 (X11)", "host": "example.org",
}  # fmt: skip
REQUEST: dict[str, object] = {
    "remote_ip": "192.0.2.7", "remote_port": "4711", "client_ip": "192.0.2.7", "proto": "HTTP/2.0", "method": "GET",
    "host": "example.org:8443", "uri": "/a?b=c",
    "headers": {"User-Agent": ["Mozilla/5.0 (X11)"], "Referer": ["http://other.example/"], "Accept": ["*/*"]},
    "tls": {"resumed": False, "version": 772},
}  # fmt: skip
CADDY: dict[str, object] = {
    "level": "info", "ts": AT + 0.25, "logger": "http.log.access.log0", "msg": "handled request", "request": REQUEST,
    "bytes_read": 0, "duration": 0.0009, "size": 23, "status": 200, "resp_headers": {"Server": ["Caddy"]},
}  # fmt: skip

CLOUDFRONT = (
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer)"
    " cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol"
)
CLOUDFRONT_LINE = (
    "2015-05-17\t10:05:03\tFRA2\t23\t192.0.2.7\tGET\td111.cloudfront.net\t/a\t200\thttp://other.example/\t"
    "Mozilla/5.0%20(X11)\tb=c\t-\tHit\txyz==\texample.org\thttps"
)
IIS = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer)"
    " sc-status cs-host"
)
IIS_LINE = (
    "2015-05-17 10:05:03 10.0.0.1 GET /a b=c 443 - 192.0.2.7 Mozilla/5.0+(X11) http://other.example/ 200 example.org"
)

APACHE_STRING = r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\" %v"
NGINX_STRING = (
    "'$remote_addr - $remote_user [$time_local] \"$request\" '\n  '$status $body_bytes_sent \"$http_referer\" '"
    " '\"$http_user_agent\" $host $request_time'"
)


def read(name: str, line: str, header: str = "", string: str = "") -> LogLine | None:
    return find_format(name, string).parser(header)(line)


def nginx(**changed: object) -> LogLine | None:
    return read("nginx-json", json.dumps({**NGINX, **changed}))


def caddy(request: dict[str, object] | None = None, **changed: object) -> LogLine | None:
    return read("caddy", json.dumps({**CADDY, "request": {**REQUEST, **(request or {})}, **changed}))


def cloudfront(**changed: str) -> LogLine | None:
    names = CLOUDFRONT.removeprefix("#Fields: ").split()
    values = dict(zip(names, CLOUDFRONT_LINE.split("\t"), strict=True))
    values |= {name.replace("_", "-"): value for name, value in changed.items()}
    return read("cloudfront", "\t".join(values.values()), CLOUDFRONT)


class TestALineOfEach:
    @pytest.mark.parametrize(
        ("name", "line", "header", "string"),
        [
            ("vhost_combined", f"example.org:443 {REST}", "", ""),
            ("vhost_combined", f"Example.org {REST}", "", ""),
            ("nginx-json", json.dumps(NGINX), "", ""),
            ("caddy", json.dumps(CADDY), "", ""),
            ("cloudfront", CLOUDFRONT_LINE, CLOUDFRONT, ""),
            ("w3c", IIS_LINE, IIS, ""),
            (CUSTOM, f"{REST} example.org", "", APACHE_STRING),
            (CUSTOM, f"{REST} example.org 0.004", "", NGINX_STRING),
        ],
    )
    def test_says_everything(self, name: str, line: str, header: str, string: str) -> None:
        assert read(name, line, header, string) == SEEN
        assert read(name, line + "\r\n", header, string) == SEEN

    def test_combined_and_common_know_no_host(self) -> None:
        for name in ("combined", "common"):
            found = read(name, REST)
            assert found is not None
            assert (found.host, found.at) == ("", AT)


class TestVhostCombined:
    @pytest.mark.parametrize(
        ("written", "host"),
        [
            ("example.org:80", "example.org"),
            ("EXAMPLE.org", "example.org"),
            ("-", ""),
            ("[2001:db8::1]:443", "[2001:db8::1]"),
            ("192.0.2.1", "192.0.2.1"),
            ("münchen.example", "xn--mnchen-3ya.example"),
        ],
    )
    def test_the_host_has_no_port_and_one_spelling(self, written: str, host: str) -> None:
        found = read("vhost_combined", f"{written} {REST}")
        assert found is not None
        assert found.host == host

    @pytest.mark.parametrize("written", ["exa mple", "a/b", "user@host", "host:99999", '"x"'])
    def test_what_is_no_host_is_malformed(self, written: str) -> None:
        assert read("vhost_combined", f"{written} {REST}") is None


class TestNginxJson:
    @pytest.mark.parametrize(
        "changed",
        [
            {"time_iso8601": "", "msec": "1431857103.250"},
            {"time_iso8601": "", "msec": AT + 0.25},
            {"time_iso8601": "", "time_local": "17/May/2015:10:05:03 +0000"},
            {"status": 200},
            {"request": "", "request_method": "GET", "request_uri": "/a?b=c"},
        ],
    )
    def test_the_usual_keys_may_stand_for_each_other(self, changed: dict[str, object]) -> None:
        assert nginx(**changed) == SEEN

    def test_what_is_not_there_is_none(self) -> None:
        found = nginx(http_referer="-", http_user_agent=None, host=None)
        assert found is not None
        assert (found.referrer, found.user_agent, found.host) == ("", "", "")

    def test_escapes_are_those_of_json(self) -> None:
        found = nginx(http_user_agent=AGENT)
        assert found is not None
        assert found.user_agent == AGENT

    def test_a_host_that_is_none_is_somebody_elses(self) -> None:
        found = nginx(host="a/b")
        assert found is not None
        assert found.host == "a/b"

    @pytest.mark.parametrize(
        "changed",
        [{"remote_addr": "exam!ple.org"}, {"remote_addr": 7}, {"status": "2000"}, {"status": -1}, {"status": "²⁰⁰"},
         {"status": 10**30}, {"time_iso8601": "2015-05-17T12:05:03"}, {"time_iso8601": "2015-02-30T12:05:03Z"},
         {"time_iso8601": "", "msec": "1e400"}, {"time_iso8601": "", "msec": "nan"}, {"time_iso8601": "", "msec": -5},
         {"time_iso8601": "9999-12-31T23:59:59+00:00"}, {"time_iso8601": "0001-01-01T00:00:00+14:00"},
         {"request": ["GET"]}],
    )  # fmt: skip
    def test_nonsense_is_malformed(self, changed: dict[str, object]) -> None:
        assert nginx(**changed) is None

    def test_a_leap_second_belongs_to_its_day(self) -> None:
        found = nginx(time_iso8601="2016-12-31T23:59:60Z")
        assert found is not None
        assert found.at == 1483228799


class TestCaddy:
    @pytest.mark.parametrize("ts", [AT, AT * 1000 + 250, (AT * 1000 + 250) * 10**6, "2015-05-17T10:05:03.250Z"])
    def test_times_in_every_unit(self, ts: float | str) -> None:
        assert caddy(ts=ts) == SEEN

    def test_behind_a_proxy_the_visitor_is_the_client(self) -> None:
        assert caddy({"remote_ip": "10.0.0.1"}) == SEEN
        assert caddy({"client_ip": ""}) == SEEN

    @pytest.mark.parametrize(
        "changed", [{"ts": "soon"}, {"ts": 1e300}, {"ts": -1}, {"ts": None}, {"status": "200"}, {"status": 2**70}]
    )
    def test_nonsense_is_malformed(self, changed: dict[str, object]) -> None:
        assert caddy(**changed) is None

    def test_other_messages_of_the_server_are_malformed(self) -> None:
        assert read("caddy", '{"level":"info","ts":1431857103.2,"msg":"server running"}') is None

    @pytest.mark.parametrize("depth", [100, 100_000])
    def test_deep_nesting_is_malformed_and_not_a_crash(self, depth: int) -> None:
        text = '{"status":200,"request":' + '{"headers":' * depth
        assert read("caddy", text) is None
        assert read("nginx-json", '{"x":' + "[" * depth) is None


class TestCloudFrontAndW3c:
    @pytest.mark.parametrize("agent", ["Mozilla/5.0%20(X11)", "Mozilla/5.0%2520(X11)", "Mozilla/5.0 (X11)"])
    def test_user_agents_are_decoded_once_or_twice(self, agent: str) -> None:
        found = cloudfront(**{"cs(User-Agent)": agent})
        assert found == SEEN

    def test_the_hosts_inside_of_cloudfront_are_nobodys(self) -> None:
        found = cloudfront(x_host_header="d111.cloudfront.net")
        assert found is not None
        assert found.host == ""

    def test_no_query_is_none(self) -> None:
        found = cloudfront(cs_uri_query="-")
        assert found is not None
        assert found.target == "/a"

    @pytest.mark.parametrize(
        "line", ["", "\t" * 16, CLOUDFRONT_LINE[:-9], CLOUDFRONT_LINE + "\tmore", CLOUDFRONT_LINE.replace("10:", "99:")]
    )
    def test_a_line_with_other_fields_is_malformed(self, line: str) -> None:
        assert read("cloudfront", line, CLOUDFRONT) is None

    @pytest.mark.parametrize("header", ["", "#Fields:", "#Fields: date time", "#Version: 1.0"])
    def test_without_a_header_no_line_can_be_read(self, header: str) -> None:
        assert read("cloudfront", CLOUDFRONT_LINE, header) is None

    def test_the_last_header_is_in_force(self) -> None:
        assert last_header([CLOUDFRONT, CLOUDFRONT_LINE, "#Software: x", IIS, IIS_LINE]) == IIS


class TestCustom:
    @pytest.mark.parametrize(
        ("string", "line"),
        [
            (
                '%v:%p %a %{%Y}x [%{sec}t] "%m %U%q" %s "%{Referer}i"|"%{user-agent}i"',
                'example.org:443 192.0.2.7 - [1431857103] "GET /a?b=c" 200 "http://other.example/"|"Mozilla/5.0 (X11)"',
            ),
            (
                "%h\\t%t\\t%r\\t%>s\\t%{Referer}i\\t%{User-Agent}i\\t%V",
                (
                    "192.0.2.7\t[17/May/2015:10:05:03 +0000]\tGET /a?b=c HTTP/2.0\t200\thttp://other.example/"
                    "\tMozilla/5.0 (X11)\texample.org"
                ),
            ),
            (
                '%h %400,501{X-Id}i %!200,304D %t "%r" %<s 100%% "%{Referer}i" "%{User-Agent}i" %v',
                (
                    '192.0.2.7 - 77 [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 100% "http://other.example/"'
                    ' "Mozilla/5.0 (X11)" example.org'
                ),
            ),
            (
                (
                    "$msec|$remote_addr|$request_method $uri$is_args$args|$status|$http_referer|$http_user_agent|$host"
                    "|${ssl_cipher}"
                ),
                "1431857103.999|192.0.2.7|GET /a?b=c|200|http://other.example/|Mozilla/5.0 (X11)|example.org|AES",
            ),
        ],
    )
    def test_strings_of_apache_and_nginx(self, string: str, line: str) -> None:
        assert read(CUSTOM, line, string=string) == SEEN

    def test_escapes_in_quotes_are_undone(self) -> None:
        found = read(CUSTOM, REST.replace("(X11)", r"\"\xd0\xb6\"") + " -", string=APACHE_STRING)
        assert found is not None
        assert (found.user_agent, found.host) == ('Mozilla/5.0 "ж"', "")

    @pytest.mark.parametrize(
        ("string", "sentence"),
        [
            ("%h %Z", "a directive that is not known here: '%Z'"),
            ("%h %t %{x}y", "a directive that is not known here: '%{x}y'"),
            ("%h %t %{%d/%b}t", "a directive that is not known here"),
            ("%h %", "a directive that is not known here: '%'"),
            ("$remote_addr $nonsense", "a variable that is not known here: '$nonsense'"),
            ("$remote_addr $", r"a variable that is not known here: '\$'"),
            ('%h %t "%r"', "lacks a status"),
            ('%t "%r" %s', "lacks an address"),
            ('%h "%r" %s', "lacks a time"),
            ("%h %t %s", "lacks a request"),
            ("nothing", "lacks an address"),
            ("%h %t %r %s", "%r without quotes"),
            ('%h%u %t "%r" %s', "needs something between %h and %u"),
        ],
    )
    def test_what_cannot_be_read_is_a_sentence(self, string: str, sentence: str) -> None:
        with pytest.raises(UsageError, match=sentence.replace("'$", "'\\$").replace("%", "%").replace("{", r"\{")):
            find_format(CUSTOM, string)

    @given(st.text(alphabet="%${}habrstUq<>!,\"\\[] |'-iCxe_", max_size=40))
    def test_any_string_is_read_or_refused_with_a_sentence(self, string: str) -> None:
        try:
            parse = find_format(CUSTOM, string).parser("")
        except UsageError:
            return
        parse("x")

    @pytest.mark.parametrize("filler", ['"', "\\", '\\"', " ", '" "', "[", "%"])
    def test_a_hostile_line_of_64_kib_is_judged_at_once(self, filler: str) -> None:
        started = time.perf_counter()
        for string in (APACHE_STRING, NGINX_STRING):
            read(CUSTOM, REST[:60] + filler * (65_000 // len(filler)), string=string)
        assert time.perf_counter() - started < 2.0


class TestNothingIsAnError:
    @pytest.mark.parametrize("name", [*FORMATS, CUSTOM])
    @given(text=st.text(), cut=st.integers(0, 400), at=st.integers(0, 400))
    def test_whatever_the_text(self, name: str, text: str, cut: int, at: int) -> None:
        lines = {
            "nginx-json": json.dumps(NGINX),
            "caddy": json.dumps(CADDY),
            "cloudfront": CLOUDFRONT_LINE,
            "w3c": IIS_LINE,
        }
        good = lines.get(name, f"example.org {REST}" if name == "vhost_combined" else f"{REST} example.org")
        header = {"cloudfront": CLOUDFRONT, "w3c": IIS}.get(name, "")
        for line in (text, good[:cut], good[:at] + text + good[at:], good[:at] + text + good[at + len(text) :]):
            found = read(name, line, header, APACHE_STRING if name == CUSTOM else "")
            assert found is None or (0 <= found.status <= 999 and 0 <= found.at < 32_503_680_000)

    @given(st.text(), st.text())
    def test_whatever_the_header(self, header: str, line: str) -> None:
        for name in ("cloudfront", "w3c"):
            read(name, line, f"#Fields: date time c-ip cs-method cs-uri-stem sc-status {header}")


LOGS: dict[str, list[str]] = {
    "combined": synthetic_log(lines=60),
    "vhost_combined": [f"example.org:80 {line}" for line in synthetic_log(lines=60)],
    "nginx-json": [json.dumps(NGINX)] * 3,
    "caddy": [json.dumps(CADDY)],
    "cloudfront": ["#Version: 1.0", CLOUDFRONT, CLOUDFRONT_LINE],
    "w3c": ["#Software: Microsoft Internet Information Services 10.0", IIS, IIS_LINE],
}


class TestDetection:
    @pytest.mark.parametrize("name", LOGS)
    def test_the_first_lines_tell(self, name: str) -> None:
        found = detect("a.log", ["", "no line of any log", *LOGS[name]])
        assert found is not None
        assert found.name == name

    def test_a_virtual_host_that_is_an_address_is_seen(self) -> None:
        found = detect("a.log", [f"192.0.2.1 {REST}"])
        assert found is not None
        assert found.name == "vhost_combined"

    @pytest.mark.parametrize("lines", [[], [""], ["nothing", "at all"], [CLOUDFRONT_LINE]])
    def test_without_a_line_that_can_be_read_nothing_is_told(self, lines: list[str]) -> None:
        assert detect("a.log", lines) is None

    def test_a_mixed_log_is_a_sentence(self) -> None:
        with pytest.raises(UsageError, match=r"a\.log has lines of several formats: nginx-json \(3\) and caddy \(1\)"):
            detect("a.log", [*LOGS["nginx-json"], *LOGS["caddy"]])

    def test_an_unknown_name_is_a_sentence_with_the_known_ones(self) -> None:
        with pytest.raises(UsageError, match="no log format 'apache'; formats: auto, alb, caddy, cloudfront, combined"):
            find_format("apache")

    def test_every_format_is_tried(self) -> None:
        tried: Callable[[str], bool] = {one.name for one in DETECTED}.__contains__
        assert all(tried(name) for name in FORMATS if name != "common")
