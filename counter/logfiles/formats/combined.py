"""One line of an access log becomes a LogLine; here the common and the combined formats of Apache and nginx."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from counter.logfiles.formats.fields import address_of, clf_time, client_of, host_of, split_request, unescape
from counter.logfiles.formats.forwarded import addresses_in

# The inside of a quoted field. Possessive (`*+`), so that no line, however hostile, makes the match backtrack.
_PLAIN: Final = r'([^"]*+)'
ESCAPED: Final = r'([^"\\]*+(?:\\.[^"\\]*+)*+)'  # a backslash escapes what follows it


def _pattern(quoted: str) -> re.Pattern[str]:
    """`address ident user [time] "request" status bytes`, then in the combined format `"referrer" "user agent"`.

    A user name may hold spaces, hence `.+?`; it cannot forge the rest, because servers escape its quotes. The user
    agent may lack its closing quote (the line was cut), and more fields may follow it (nginx's `main`).
    """
    return re.compile(
        rf'(\S+) \S+ .+? \[([^]]{{26}})\] "{quoted}" (\d{{3}}) (?:\d+|-)'
        rf'(?: "{quoted}" "{quoted}(?:"(?: (.*))?|\\?))?',
        re.ASCII | re.DOTALL,
    )


# One line in a thousand has a backslash; without one the match takes half the time.
_PLAIN_LINE: Final = _pattern(_PLAIN)
_ESCAPED_LINE: Final = _pattern(ESCAPED)


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One request as the server wrote it down. Escapes are undone; texts have no limit but the line's."""

    address: str  # of the peer, canonical text, or its name in lower case; '' for a unix socket
    at: int  # UTC seconds
    method: str  # as sent; '' when the request was not one ('-', or a TLS hello on a plain port)
    target: str  # path and query, or absolute form; '' as above
    status: int
    referrer: str = ""  # '' for '-' and where the format has none
    user_agent: str = ""  # '' for '-' and where the format has none
    host: str = ""  # lower case, no port; '' where the format has none
    forwarded: str = ""  # what a proxy said of the visitor's address, as written; '' where the format has no such field


def parse_line(line: str, host: str = "") -> LogLine | None:
    """The request for `host` in one line, with or without its line end; None when malformed.

    Malformed is: another format, an impossible time, a cut before the user agent begins (what is left cannot tell
    one visitor from another). What follows the user agent in quotes is an address when it can be read as one: nginx's
    own format `main` ends with `"$http_x_forwarded_for"`.
    """
    line = line.rstrip("\r\n")
    escaped = "\\" in line
    match = (_ESCAPED_LINE if escaped else _PLAIN_LINE).fullmatch(line)
    if match is None:
        return None
    client, time, request, status, referrer, user_agent, more = match.groups("")
    address, at = address_of(client), clf_time(time)
    if address is None and line.split(" ", 3)[3].startswith("["):
        address = client_of(client)  # a word before another kind of line would pass for a name as well
    if address is None or at is None:
        return None
    if escaped:
        request, referrer, user_agent = unescape(request), unescape(referrer), unescape(user_agent)
    method, target = split_request(request)
    return LogLine(
        address,
        at,
        method,
        target,
        int(status),
        "" if referrer == "-" else referrer,
        "" if user_agent == "-" else user_agent,
        host,
        addresses_in(more) if more else "",
    )


def parse_vhost(line: str) -> LogLine | None:
    """The request of one line of `vhost_combined`, where the host comes first, with or without its port."""
    text, _, rest = line.partition(" ")
    host = None if text[-1:] == ":" or text[:2] == "--" else host_of(text)  # `nginx:` is a program
    found = None if host is None else parse_line(rest, host)
    if found is not None and address_of(found.address) is None and address_of(text) is not None:
        return None  # an address, and a name as its user
    return found
