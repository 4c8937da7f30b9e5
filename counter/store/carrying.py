"""Carriers: what views through image proxies belong to, one for each site, local day, page and proxy. Pure.

Such a proxy asks for the counting image of a README or a mail, and nobody can say for whom. So its views count as page
views of their page and source, and as nothing else: a carrier has the row of a visit, but is no visit and no visitor,
has no bounce and no duration, begins and ends on no page, reaches no goal, and is not online.
"""

from __future__ import annotations

import hashlib

from counter.event import Event, Origin


def carrier_hash(event: Event) -> int:
    """Which carrier of its site and day a proxied view belongs to: signed 64 bits, where visitors have their hash."""
    named = f"carrier\0{event.origin.source}\0{event.path}".encode()
    return int.from_bytes(hashlib.blake2b(named, digest_size=8).digest(), signed=True)


def carried_origin(event: Event) -> Origin:
    """The origin of a carrier: the proxy's name and channel. Its browser, system and place stay unknown."""
    return Origin(source=event.origin.source, channel=event.origin.channel)
