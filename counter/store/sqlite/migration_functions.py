"""What migrations call that SQL can't do itself: functions of one argument, there while a migration runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from counter.collect.agents.editions import browser_edition
from counter.collect.agents.languages import canonical_language
from counter.hosts import ascii_host, host_letters
from counter.settings import MOST_ENTRIES


def hosts_as_sent(kept: str) -> str:
    """A site's hosts (a JSON array) as browsers send them.

    Before schema 4 a final ς became σ. A label of letters that ends in σ was nearly always typed with ς, which comes
    first; the other stays, for it may be a name of its own. What was made of ß ('strasse.de') tells nothing of it:
    `ActiveSite.owns` takes both.
    """
    hosts: list[str] = []
    for host in json.loads(kept):
        sent = ascii_host(host) or host
        hosts += [_with_final_sigma(sent), sent]
    unique = list(dict.fromkeys(hosts))
    if len(unique) > MOST_ENTRIES:  # more than a form takes; `owns` takes both without the first, too
        unique = list(dict.fromkeys(ascii_host(host) or host for host in json.loads(kept)))
    return json.dumps(unique)


FUNCTIONS: Final[Mapping[str, Callable[[str], str]]] = {
    "hosts_as_sent": hosts_as_sent,
    "browser_edition": browser_edition,
    "canonical_language": canonical_language,
}


def _with_final_sigma(host: str) -> str:
    labels = host_letters(host).split(".")
    typed = ".".join(label[:-1] + "ς" if label.endswith("σ") and label[-2:-1].isalpha() else label for label in labels)
    return ascii_host(typed) or host
