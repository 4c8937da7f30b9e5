"""From a report's series to the points of its chart: which bucket, what it says, and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from counter.calendar.localtime import day_date
from counter.labels import EM_DASH
from counter.question import Bucket, Report, Sums
from counter.reports.answer import metrics
from counter.site import ActiveSite
from dashboard.report.chart import ChartPoint
from dashboard.report.links import Links
from dashboard.words import numbers
from dashboard.words.catalogue import Words

MINUTES: Final = 30  # of the chart of visitors online
FORMATS: Final[dict[str, Callable[[Words, float | None], str]]] = {
    "views_per_visit": numbers.decimal,
    "bounce_rate": numbers.percent,
    "conversion_rate": numbers.percent,
    "visit_duration": numbers.duration,
}


def metric_text(words: Words, metric: str, value: float | None) -> str:
    """A metric's value as the reader's language writes it."""
    return FORMATS.get(metric, numbers.number)(words, value)


def axis_text(words: Words, metric: str, value: float) -> str:
    """The same next to an axis: short and rounded; durations as clocks show them, in any language."""
    if metric == "visit_duration":
        minutes, seconds = divmod(round(value), 60)
        return f"{minutes}:{seconds:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if metric == "views_per_visit":
        return numbers.decimal(words, value, 0 if value % 1 == 0 else 2 if value * 10 % 1 else 1)
    return FORMATS.get(metric, numbers.compact)(words, value)


class Buckets:
    """The words and links of the buckets of one site's reports; `now` in UTC seconds decides which are unfinished."""

    def __init__(self, words: Words, site: ActiveSite, now: int, links: Links) -> None:
        self.words = words
        self.site = site
        self.now = now
        self.today = site.local.day(now)
        self.links = links

    def points(self, report: Report, metric: str, *, linked: bool = True) -> list[ChartPoint]:
        """Every bucket of the report's series; future ones have no value."""
        bucket, end = report.question.bucket, report.question.end
        now = self.now if bucket == Bucket.HOUR else self.today
        starts = [point.start for point in report.series]
        hours = bucket == Bucket.HOUR
        ends = [*starts[1:], self.site.local.midnight(end) if hours else end]
        single = report.question.end - report.question.start == 1
        found = []
        for point, after in zip(report.series, ends, strict=bool(starts)):
            ahead = point.start > now and point.sums == Sums()
            value = None if ahead else metrics(point.sums, (metric,))[metric]
            found.append(
                ChartPoint(
                    label=self._hour(point.start) if hours else self._days(bucket, point.start, after),
                    value=value,
                    text=EM_DASH if value is None else metric_text(self.words, metric, value),
                    url=self._url(point.start, after, hours=hours) if linked and not (hours and single) else "",
                    short=self._short(bucket, point.start, single=single),
                    unfinished=point.start <= now < after,
                    ahead=ahead,
                )
            )
        return found

    def minutes(self, found: Sequence[tuple[int, int]]) -> list[ChartPoint]:
        """The last half hour, minute by minute, of (UTC second of the minute, visitors in it)."""
        known = dict(found)
        last = self.now - self.now % 60
        return [
            ChartPoint(
                label=text,
                value=known.get(at, 0),
                text=numbers.number(self.words, known.get(at, 0)),
                short=text,
                unfinished=at == last,
            )
            for at in range(last - 60 * (MINUTES - 1), last + 1, 60)
            for text in (numbers.time_of_day(self.words, at, self.site),)
        ]

    def index_of(self, report: Report, day: int) -> int:
        """Which point of the series a day of the period belongs to."""
        hours = report.question.bucket == Bucket.HOUR
        at = self.site.local.midnight(day) if hours else day
        return max(0, sum(point.start <= at for point in report.series) - 1)

    def _hour(self, at: int) -> str:
        day, time = self.site.local.day(at), numbers.time_of_day(self.words, at, self.site)
        return self.words("report.hour_of_day", day=numbers.day_with_weekday(self.words, day), time=time)

    def _days(self, bucket: Bucket | None, start: int, end: int) -> str:
        if bucket == Bucket.DAY:
            return numbers.day_with_weekday(self.words, start)
        if bucket == Bucket.MONTH and day_date(start).day == day_date(end).day == 1:
            return numbers.month(self.words, start)
        return numbers.span(self.words, start, end - 1)

    def _short(self, bucket: Bucket | None, start: int, *, single: bool) -> str:
        if bucket == Bucket.MONTH:
            return numbers.month(self.words, start)
        if bucket != Bucket.HOUR:
            return numbers.short_day(self.words, start)
        time = numbers.time_of_day(self.words, start, self.site)
        if single:
            return time
        return self.words("report.hour_short", day=numbers.short_day(self.words, self.site.local.day(start)), time=time)

    def _url(self, start: int, end: int, *, hours: bool) -> str:
        """The report of the bucket's days; of an hour, of its day."""
        first = self.site.local.day(start) if hours else start
        last = first if hours else end - 1
        return self.links.report(from_=str(day_date(first)), to=str(day_date(last)), bucket=None)
