"""Lines within other lines, addresses with more than an address, JSON of any keys, balancers, whose address it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from counter.errors import UsageError
from counter.logfiles.formats import detect, find_format
from counter.logfiles.formats.combined import LogLine, parse_line, parse_vhost
from counter.logfiles.formats.forwarded import VisitorRule, field_name
from counter.logfiles.formats.wrapped import parse_wrapped

UA = "Mozilla/5.0 (X11)"
REST = f'[17/May/2024:10:05:03 +0000] "GET /a HTTP/1.1" 200 23 "-" "{UA}"'
LINE = f"198.51.100.7 - - {REST}"
AT = 1_715_940_303
SEEN = ("198.51.100.7", AT, "GET", "/a", 200, UA)


def facts(line: LogLine | None) -> tuple[object, ...]:
    assert line is not None
    return line.address, line.at, line.method, line.target, line.status, line.user_agent


def read(text: str) -> tuple[str, LogLine | None]:
    """The format that is recognised, and what it says of the line."""
    form = detect("x.log", [text])
    assert form is not None, text
    parse = form.parser("")
    return form.name, parse(text) or parse_wrapped(parse, text)


PREFIXES = [
    "May 17 10:05:03 web1 nginx: ",
    "May  7 10:05:03 web1 nginx[12]: ",
    "<190>May 17 10:05:03 web1 nginx: ",
    "<190>1 2024-05-17T10:05:03Z web1 nginx 12 - - ",
    '<190>1 2024-05-17T10:05:03.1Z web1 nginx 12 ID [a b="c"] \ufeff',
    "2024-05-17T10:05:03.12+00:00 web1 nginx[3]: ",
    "2024-05-17T10:05:03.123Z stdout F ",
    "web_1  | ",
    "nginx-1  | ",
    "web-1 | 2024-05-17T10:05:03Z ",
    "\x1b[36mweb_1  |\x1b[0m ",
    "web.1.abc@node1    | ",
    "[pod/web-1/nginx] ",
    "nginx: ",
    "access.log:",
    "/var/log/nginx/access.log:",
    "2024-05-17T10:05:03Z ",
    "2024-05-17 10:05:03 ",
    "2024-05-17T10:05:03Z app[9080] fra [info] ",
    "0|web  | ",
    "2024-05-17T10:05:03.1+00:00 app[web.1]: ",
    "\ufeff",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_stands_before_a_line_is_taken_off(prefix: str) -> None:
    assert facts(read(prefix + LINE)[1]) == SEEN
    name, found = read(f"{prefix}shop.example:443 {LINE}")
    assert (name, found and found.host, facts(found)) == ("vhost_combined", "shop.example", SEEN)
    assert facts(read(f"{prefix}2001:db8::1 - anna b {REST}")[1]) == ("2001:db8::1", *SEEN[1:])
    assert facts(read(f"{prefix}host-1.example - - {REST}")[1]) == ("host-1.example", *SEEN[1:])
    assert facts(read(prefix + json.dumps({"log": LINE + "\n", "stream": "stdout"}))[1]) == SEEN
    caddy = {
        "ts": AT,
        "request": {"remote_addr": "198.51.100.7:5", "method": "GET", "uri": "/a", "headers": {"User-Agent": [UA]}},
        "status": 200,
    }
    assert facts(read(prefix + json.dumps(caddy))[1]) == SEEN


@pytest.mark.parametrize("key", ["log", "MESSAGE", "message", "textPayload", "line"])
def test_a_line_in_json_is_read(key: str) -> None:
    assert facts(read(json.dumps({"time": "2024-05-17T10:05:03Z", key: LINE}))[1]) == SEEN
    assert facts(read(json.dumps({key: "May 17 10:05:03 web1 nginx: " + LINE}))[1]) == SEEN


@pytest.mark.parametrize(
    "line", ["", "x", "May 17 10:05:03 web1 nginx: started", "198.51.100.7 - - nothing", "{", '{"log":1}']
)
def test_what_holds_no_line_is_malformed(line: str) -> None:
    assert parse_line(line) is parse_wrapped(parse_line, line) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("198.51.100.7:42918", "198.51.100.7"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("unix:", ""),
        ("printer3", "printer3"),
        ("Host-17.Pool.Provider.EXAMPLE.", "host-17.pool.provider.example"),
        ("a_b.example", "a_b.example"),
    ],
)
def test_an_address_has_a_port_or_brackets_or_is_a_name(written: str, meant: str) -> None:
    found, within = parse_line(f"{written} - - {REST}"), parse_vhost(f"shop.example {written} - - {REST}")
    assert (found and found.address, within and within.address) == (meant, meant)


@pytest.mark.parametrize(
    "written",
    [
        "198.51.100.7:99999",
        "1.2.3",
        "300.1.1.1",
        "198.51.100.xxx",
        "198.51.x.x",
        "198.x.x.x",
        "a..b",
        "-a.example",
        "a-.example",
        "x" * 254,
    ],
)
def test_what_is_no_address_is_malformed(written: str) -> None:
    assert parse_line(f"{written} - - {REST}") is None


TIME = "2024-05-17T10:05:03Z"
OBJECTS: list[dict[str, Any]] = [
    {
        "time": TIME,
        "remote_addr": "198.51.100.7",
        "request_method": "GET",
        "request_uri": "/a",
        "status": 200,
        "http_user_agent": UA,
    },
    {
        "StartUTC": TIME,
        "ClientHost": "198.51.100.7",
        "RequestMethod": "GET",
        "RequestPath": "/a",
        "DownstreamStatus": 200,
        "OriginStatus": 500,
        "request_User-Agent": UA,
    },
    {
        "start_time": TIME,
        "downstream_remote_address": "198.51.100.7:4343",
        "method": "GET",
        "path": "/a",
        "response_code": 200,
        "user_agent": UA,
        "upstream_host": "10.0.0.9:80",
    },
    {
        "timestamp": TIME,
        "httpRequest": {
            "remoteIp": "198.51.100.7",
            "requestMethod": "GET",
            "requestUrl": "/a",
            "status": 200,
            "userAgent": UA,
        },
    },
    {
        "time": TIME,
        "properties": {
            "clientIp": "198.51.100.7",
            "httpMethod": "GET",
            "requestUri": "/a",
            "httpStatusCode": "200",
            "userAgent": UA,
        },
    },
    {
        "EdgeStartTimestamp": AT * 10**9,
        "ClientIP": "198.51.100.7",
        "ClientRequestMethod": "GET",
        "ClientRequestURI": "/a",
        "EdgeResponseStatus": 200,
        "ClientRequestUserAgent": UA,
    },
    {
        "@timestamp": TIME,
        "client": {"ip": "198.51.100.7"},
        "http": {"request": {"method": "GET"}, "response": {"status_code": 200}},
        "url": {"original": "/a"},
        "user_agent": {"original": UA},
        "host": {"name": "web1"},
    },
    {
        "time": AT * 1000 + 250,
        "req": {"remoteAddress": "::ffff:198.51.100.7", "method": "GET", "url": "/a", "headers": {"user-agent": UA}},
        "res": {"statusCode": 200},
    },
    {
        "requestTime": "17/May/2024:10:05:03 +0000",
        "ip": "198.51.100.7",
        "httpMethod": "GET",
        "path": "/a",
        "status": "200",
        "userAgent": UA,
    },
    {
        "date": "Fri, 17 May 2024 10:05:03 GMT",
        "remote-addr": "198.51.100.7",
        "method": "GET",
        "url": "/a",
        "status": "200",
        "user-agent": UA,
        "response-time": "1.2",
    },
    {
        "timestamp": "17/May/2024:10:05:03 +0000",
        "clientip": "198.51.100.7",
        "verb": "GET",
        "request": "/a",
        "response": "200",
        "agent": f'"{UA}"',
    },
    {
        "time": "2024-05-17 12:05:03 +0200",
        "remoteIP": "198.51.100.7",
        "request": "GET /a HTTP/1.1",
        "status": 200,
        "userAgent": UA,
    },
]


@pytest.mark.parametrize("found", OBJECTS, ids=lambda found: next(iter(found)))
def test_json_is_read_whatever_its_keys_are_called(found: dict[str, Any]) -> None:
    name, line = read(json.dumps(found))
    assert (name, facts(line)) == ("json", SEEN)


@pytest.mark.parametrize("gone", ["time", "remote_addr", "status", "request_uri"])
def test_json_without_what_is_needed_is_malformed(gone: str) -> None:
    assert find_format("json").parser("")(json.dumps(OBJECTS[0] | {gone: None})) is None


BALANCERS = {
    "alb": f"h2 2024-05-17T10:05:03.186641Z app/lb/50dc 198.51.100.7:48160 10.0.0.66:9000 0.0 0.002 0.0 200 200 5 257"
    f' "GET https://shop.example:443/a HTTP/2.0" "{UA}" ECDHE TLSv1.2 arn:aws "Root=1-5" "shop.example" "arn" 1',
    "elb": f"2024-05-17T10:05:03.943Z lb 198.51.100.7:2817 10.0.0.1:80 0.00007 0.001 0.00005 200 200 0 29"
    f' "GET https://shop.example:443/a HTTP/1.1" "{UA}" - -',
    "s3": f'{"7" * 64} bucket [17/May/2024:10:05:03 +0000] 198.51.100.7 - 3E57 WEBSITE.GET.OBJECT a "GET /a HTTP/1.1"'
    f' 200 - 113 - 7 - "-" "{UA}" - s9lz SigV4',
    "haproxy": "198.51.100.7:33317 [17/May/2024:10:05:03.655] in~ app/srv1 10/0/30/69/109 200 2750 - - ----"
    f' 1/1/1/1/0 0/0 {{shop.example|{UA}|https://o.example/}} {{}} "GET /a HTTP/1.1"',
}


@pytest.mark.parametrize("name", BALANCERS)
def test_balancers_are_read(name: str) -> None:
    for prefix in ("", "May 17 10:05:03 localhost lb[14389]: "):
        found, line = read(prefix + BALANCERS[name])
        assert (found, facts(line)[:2], facts(line)[4:]) == (name, SEEN[:2], SEEN[4:])
        assert line is not None
        assert line.target.endswith("/a")


def test_an_ipv6_port_without_brackets_is_no_part_of_the_address() -> None:
    line = BALANCERS["alb"].replace("198.51.100.7:48160", "2001:db8:0:0:0:0:0:1:48160")
    assert facts(read(line)[1])[0] == "2001:db8::1"


def test_herokus_router_names_the_visitor() -> None:
    text = (
        f'{TIME[:-1]}.4+00:00 heroku[router]: at=info method=GET path="/a?b=c" host=shop.example fwd="198.51.100.7"'
        " dyno=web.1 connect=0ms service=18ms status=200 bytes=13 protocol=https"
    )
    name, line = read(text)
    assert name == "heroku"
    assert line == LogLine("", AT, "GET", "/a?b=c", 200, host="shop.example", forwarded="198.51.100.7")


SPELLINGS = [
    "$http_x_forwarded_for",
    "http_x_forwarded_for",
    "X-Forwarded-For",
    "%{X-Forwarded-For}i",
    "x-forwarded-for",
    "request_X-Forwarded-For",
    "request.headers.X-Forwarded-For",
]


@pytest.mark.parametrize("written", SPELLINGS)
def test_a_field_has_many_spellings(written: str) -> None:
    assert field_name(written) == "xforwardedfor"


@pytest.mark.parametrize(
    ("peer", "said", "named", "visitor"),
    [
        ("10.0.0.5", "198.51.100.7", False, "198.51.100.7"),
        ("10.0.0.5", "1.1.1.1, 198.51.100.7", False, "198.51.100.7"),  # whatever the visitor claims
        ("10.0.0.5", "198.51.100.7, 203.0.113.9", False, "198.51.100.7"),  # a trusted proxy
        ("10.0.0.5", "198.51.100.7, 10.0.0.9", False, "198.51.100.7"),
        ("10.0.0.5", "10.1.2.3", False, "10.1.2.3"),
        ("10.0.0.5", "unknown", False, "10.0.0.5"),
        ("10.0.0.5", "198.51.100.7:443, [2001:db8::1]:80", False, "2001:db8::1"),
        ("10.0.0.5", 'for=198.51.100.7;proto=https, for="10.0.0.9"', False, "198.51.100.7"),
        ("203.0.113.9", "198.51.100.7", False, "198.51.100.7"),
        ("192.0.2.1", "198.51.100.7", False, "192.0.2.1"),  # a stranger says so
        ("192.0.2.1", "198.51.100.7", True, "198.51.100.7"),
        ("192.0.2.1", "10.1.2.3", True, "192.0.2.1"),  # of a company's house
        ("", "198.51.100.7", False, "198.51.100.7"),
    ],
)
def test_the_visitor_is_found_from_right_to_left(peer: str, said: str, named: bool, visitor: str) -> None:
    assert VisitorRule(("203.0.113.0/24",), named=named).address(peer, said) == visitor


PROXY = {"remote_addr": "10.0.0.5"}
EMPTY = REST.replace(" 23", " 0")
APACHE = '%l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"'
NGINX = '$remote_addr - - [$time_local] "$request" $status 0 "-" "$http_user_agent" '


@pytest.mark.parametrize(
    ("form", "string", "field", "line"),
    [
        ("custom", NGINX + '"$http_x_forwarded_for"', "", f'10.0.0.5 - - {EMPTY} "198.51.100.7"'),
        ("custom", NGINX + "$http_x_forwarded_for $pid", "", f"10.0.0.5 - - {EMPTY} 1.1.1.1, 198.51.100.7 3"),
        ("custom", NGINX + '"$http_visitor"', "http_visitor", f'10.0.0.5 - - {EMPTY} "198.51.100.7"'),
        ("custom", "%{X-Forwarded-For}i " + APACHE, "", f"198.51.100.7, 10.0.0.9 - - {REST}"),
        ("custom", f'%h {APACHE} "%{{CF-Connecting-IP}}i"', "", f'10.0.0.5 - - {REST} "198.51.100.7"'),
        ("combined", "", "", f'10.0.0.5 - - {REST} "198.51.100.7" 0.004'),
        (
            "nginx-json",
            "",
            "",
            json.dumps(OBJECTS[0] | {"time_iso8601": TIME} | PROXY | {"http_x_forwarded_for": "198.51.100.7"}),
        ),
        ("nginx-json", "", "visitor", json.dumps(OBJECTS[0] | {"remote_addr": "10.0.0.5", "visitor": "198.51.100.7"})),
        (
            "json",
            "",
            "",
            json.dumps(OBJECTS[1] | {"ClientHost": "10.0.0.5", "request_X-Forwarded-For": "198.51.100.7"}),
        ),
        (
            "json",
            "",
            "X-Real-IP",
            json.dumps(
                OBJECTS[1]
                | {"ClientHost": "10.0.0.5", "request_X-Real-Ip": "198.51.100.7", "request_X-Forwarded-For": "x"}
            ),
        ),
    ],
)
def test_the_field_with_the_address_is_read(form: str, string: str, field: str, line: str) -> None:
    found = find_format(form, string, field).parser("")(line)
    assert found is not None
    assert VisitorRule((), named=False).address(found.address, found.forwarded) == "198.51.100.7"


def test_a_field_that_the_format_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="--log-format has no field 'x_real_ip', which --address-field names"):
        find_format("custom", NGINX, "x_real_ip")


def test_iis_names_the_header() -> None:
    header = "#Fields: date time c-ip cs-method cs-uri-stem sc-status X-Forwarded-For"
    found = find_format("w3c").parser(header)("2024-05-17 10:05:03 10.0.0.5 GET /a 200 198.51.100.7")
    assert found is not None
    assert (found.address, found.forwarded) == ("10.0.0.5", "198.51.100.7")
