"""What a database says about itself, and the credit it asks for where its places are shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from counter.collect.places.trial_reader import KINDS
from counter.text import clean

MAX_TEXT: Final = 200  # characters of a kind or a description
_DAY: Final = 86_400  # seconds


class Credit(NamedTuple):
    """The makers of the database, in the words they ask for, with a link; '' is none."""

    text: str
    url: str = ""


class _Maker(NamedTuple):
    """How the databases of one maker are recognised: by the start of their kind, in lower case."""

    kind: str
    credit: Credit
    licence: str


# The first that fits. The words are those that the licences ask for where places are shown.
_MAKERS: Final = (
    _Maker("dbip", Credit("IP Geolocation by DB-IP", "https://db-ip.com"),
           "DB-IP Lite is CC BY 4.0: pages that show places must link to db-ip.com"),
    _Maker("geolite2", Credit("This product includes GeoLite Data created by MaxMind, available from"
                              " https://www.maxmind.com", "https://www.maxmind.com"),
           "GeoLite EULA of MaxMind: name them, and renew or destroy a database within 30 days of a newer one"),
    _Maker("geoip2", Credit("Places by MaxMind GeoIP2", "https://www.maxmind.com"),
           "as agreed with MaxMind"),
    _Maker("geowhois", Credit("Countries by the statistics of the regional Internet registries (NRO), CC BY 4.0",
                              "https://www.nro.net"),
           "CC BY 4.0, Number Resource Organization"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edition:
    """One database as its metadata describe it; the texts are untrusted, so they are cleaned and bounded."""

    kind: str
    built: int  # UTC seconds
    nodes: int
    description: str = ""

    @classmethod
    def of(cls, metadata: Any) -> Self:
        texts = metadata.description if isinstance(metadata.description, dict) else {}
        return cls(
            kind=clean(str(metadata.database_type), MAX_TEXT),
            built=int(metadata.build_epoch),
            nodes=int(metadata.node_count),
            description=clean(str(texts.get("en") or next(iter(texts.values()), "")), MAX_TEXT),
        )

    @property
    def cities(self) -> bool:
        """Whether it has regions and cities, not only countries."""
        return any(word in self.kind for word in KINDS[1:])

    @property
    def credit(self) -> Credit:
        """The credit to show with its places."""
        maker = self._maker()
        return maker.credit if maker else Credit(self.description or self.kind)

    @property
    def licence(self) -> str:
        maker = self._maker()
        return maker.licence if maker else "not known to this program; ask whoever made it"

    @property
    def built_on(self) -> str:
        """The date it was built, in UTC; as a number when it is no date."""
        try:
            return dt.datetime.fromtimestamp(self.built, dt.UTC).date().isoformat()
        except (ValueError, OverflowError, OSError):
            return str(self.built)

    def age_days(self, now: float) -> int:
        """Whole days since it was built; 0 for one from the future."""
        return max(0, int(now - self.built) // _DAY)

    def _maker(self) -> _Maker | None:
        return next((maker for maker in _MAKERS if self.kind.lower().startswith(maker.kind)), None)
