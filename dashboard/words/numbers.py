"""Numbers, days and durations as the reader's language writes them; every one of them goes through here.

    number, words -> text     number(words, 1234), and as a filter of templates: {{ 1234|number }}

Digits are 0 to 9 in every language. Unknown numbers are an em dash. The signs, units and patterns are in each
catalogue's [format]; grouping, months and the pattern of a day are those of `counter.labels`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

from counter import labels
from counter.calendar.localtime import LocalTime, day_date
from counter.labels import local_day, local_moment
from counter.site import WEEKDAYS, ActiveSite
from dashboard.words.catalogue import PLAIN_NUMBER, Words

EM_DASH: Final = labels.EM_DASH
MINUS: Final = "\u2212"
SIGNIFICANT: Final = 3  # digits of a compact number: steps of an axis by 250 stay apart
STEPS: Final = ("", "thousand", "million", "billion")
UTC: Final = LocalTime("UTC")
NO_BREAK: Final = "\u00a0"

Day = dt.date | int  # a date, or the number of a local day


def number(words: Words, value: float | None) -> str:
    """`1,234`; a fraction is rounded away, `decimal` keeps it."""
    return decimal(words, value, 0)


def decimal(words: Words, value: float | None, places: int = 1) -> str:
    """`2.5`, with as many digits after the sign as `places`."""
    return EM_DASH if value is None else _ltr(words, _signed_text(words, value, places))


def percent(words: Words, value: float | None) -> str:
    """`12.3%` for 12.3; a whole number has no fraction."""
    return EM_DASH if value is None else _ltr(words, _of_hundred(words, value, 1))


def change(words: Words, value: float | None) -> str:
    """`+12%`, `−3.4%`, `0%`: by how many per cent something grew; tenths only below ten."""
    if value is None:
        return EM_DASH
    return _ltr(words, _plus(value, 1) + _of_hundred(words, value, 1 if abs(value) < 10 else 0))


def compact(words: Words, value: float | None) -> str:
    """`1.2K`, `25M`: for the axes of charts, three digits at most; below a thousand as `number`."""
    if value is None:
        return EM_DASH
    step, shown = 0, float(f"{value:.{SIGNIFICANT}g}")
    while abs(shown) >= 1000 and step < len(STEPS) - 1:
        step, shown = step + 1, shown / 1000
    if not step:
        return decimal(words, value, _places(value, 2))
    text = _signed_text(words, shown, _places(shown, 2))
    return _rtl(words, words(f"format.{STEPS[step]}", number=text))


def duration(words: Words, seconds: float | None) -> str:
    """`42s`, `3m 12s`, `1h 5m`: the two largest units, to the nearest of the smaller one."""
    if seconds is None:
        return EM_DASH
    whole = max(0, round(seconds))
    if whole < 60:
        return _rtl(words, words("format.seconds", number=str(whole)))
    if whole < 3600:
        return _two_units(words, "minutes", "seconds", whole)
    return _two_units(words, "hours", "minutes", round(whole / 60))


def day(words: Words, date: Day | None) -> str:
    """`21 Nov 2024`"""
    return EM_DASH if date is None else _rtl(words, local_day(_date(date), words.language))


def short_day(words: Words, date: Day) -> str:
    """`21 Nov`: for the axes of charts, where the year is said elsewhere."""
    found = _date(date)
    return _rtl(words, words("format.short_day", day=str(found.day), month=_month_name(words, found)))


def day_with_weekday(words: Words, date: Day) -> str:
    """`Thu, 21 Nov 2024`"""
    short = weekday_short(words, _date(date).weekday())
    return _rtl(words, words("format.day_with_weekday", weekday=short, day=day(words, date)))


def month(words: Words, date: Day) -> str:
    """`Nov 2024`"""
    found = _date(date)
    return _rtl(words, words("format.month", month=_month_name(words, found), year=str(found.year)))


def span(words: Words, first: Day, last: Day) -> str:
    """`18–24 Nov 2024`, `25 Nov – 1 Dec 2024`: two days, both inclusive, without repeating shared parts."""
    start, end = _date(first), _date(last)
    if start == end:
        return day(words, start)
    if start.year != end.year:
        text = words("format.span", first=day(words, start), last=day(words, end))
    elif start.month != end.month:
        text = words("format.span", first=short_day(words, start), last=day(words, end))
    else:
        text = words("format.span_in_month", first=str(start.day), last=day(words, end))
    return _rtl(words, text)


def hour(words: Words, wall_hour: int) -> str:
    """`15:00` of 15"""
    return _ltr(words, f"{wall_hour:02d}:00")


def time_of_day(words: Words, at: float, site: ActiveSite | None = None, *, seconds: bool = False) -> str:
    """`15:11` of a UTC second, in the site's zone; in UTC, and saying so, where there is no site."""
    local = dt.datetime.fromtimestamp(at, _local(site).zone)
    return _ltr(words, local.strftime("%H:%M:%S" if seconds else "%H:%M") + _zone(site))


def moment(words: Words, at: float | None, site: ActiveSite | None = None) -> str:
    """`21 Nov 2024, 15:11` of a UTC second, as `time_of_day`."""
    if at is None:
        return EM_DASH
    return _rtl(words, local_moment(_local(site).text(at), words.language) + _zone(site))


def ago(words: Words, at: float, now: float) -> str:
    """`3 minutes ago`, both in UTC seconds; a moment in the future, from a wrong clock, is `just now`."""
    seconds = int(now - at)
    for name, unit in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= unit:
            return words(f"format.{name}_ago", count=seconds // unit)
    return words("format.just_now")


def weekday(words: Words, index: int) -> str:
    """`Monday` of 0"""
    return words(f"weekday.{WEEKDAYS[index]}")


def weekday_short(words: Words, index: int) -> str:
    """`Mon` of 0"""
    return words(f"weekday_short.{WEEKDAYS[index]}")


# The filters that need nothing but the words.
PLAIN: Final[tuple[Callable[..., str], ...]] = (
    number, decimal, percent, change, compact, duration, day, short_day, day_with_weekday, month, span,
    hour, weekday, weekday_short,
)  # fmt: skip


def filters() -> Mapping[str, Callable[..., str]]:
    """The functions above as filters of templates: words, site and now come from the page's context."""
    of_site = {name: _of_site(function) for name, function in (("moment", moment), ("time_of_day", time_of_day))}
    return {function.__name__: _of_words(function) for function in PLAIN} | of_site | {"ago": _ago}


def _of_words(function: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def shown(context: Context, value: Any, *rest: Any) -> str:
        return function(context["t"], value, *rest)

    return shown


def _of_site(function: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def shown(context: Context, at: float, site: ActiveSite | None = None, **how: bool) -> str:
        return function(context["t"], at, site or context["call"].active, **how)

    return shown


@pass_context
def _ago(context: Context, at: float) -> str:
    return ago(context["t"], at, context["call"].now)


def _signed_text(words: Words, value: float, places: int) -> str:
    """Grouped digits with the language's own signs; what rounds to nothing has no sign."""
    text = f"{abs(value):,}" if isinstance(value, int) and not places else f"{abs(value):,.{places}f}"
    whole, _, fraction = text.partition(".")
    minus = MINUS if value < 0 and any(digit in text for digit in "123456789") else ""
    rest = words("format.decimal") + fraction if fraction else ""
    return minus + whole.replace(",", words.language.group) + rest


def _of_hundred(words: Words, value: float, places: int) -> str:
    return words("format.percent", number=_signed_text(words, value, _places(value, places)))


def _plus(value: float, places: int) -> str:
    return "+" if round(value, places) > 0 else ""


def _places(value: float, most: int) -> int:
    """How many of at most `most` digits after the sign are no trailing zeros."""
    return len(f"{value:.{most}f}".rstrip("0").partition(".")[2]) if most else 0


def _two_units(words: Words, larger: str, smaller: str, amount: int) -> str:
    many, rest = divmod(amount, 60)
    text = words(f"format.{larger}", number=f"{many:,}".replace(",", words.language.group))
    return _rtl(words, f"{text}{NO_BREAK}{words(f'format.{smaller}', number=str(rest))}" if rest else text)


def _month_name(words: Words, date: dt.date) -> str:
    return words.language.months[date.month - 1]


def _date(date: Day) -> dt.date:
    return day_date(date) if isinstance(date, int) else date


def _local(site: ActiveSite | None) -> LocalTime:
    return site.local if site else UTC


def _zone(site: ActiveSite | None) -> str:
    return "" if site else f"{NO_BREAK}UTC"


def _ltr(words: Words, text: str) -> str:
    """Signs stay on their side of the digits in a language that is written from right to left."""
    return text if words.language.direction == "ltr" or PLAIN_NUMBER.fullmatch(text) else f"\u2066{text}\u2069"


def _rtl(words: Words, text: str) -> str:
    """Words and digits of such a language keep their order in a chart, which is drawn from left to right."""
    return f"\u2067{text}\u2069" if words.language.direction == "rtl" else text
