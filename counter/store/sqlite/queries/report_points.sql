-- What do the found events add up to, by local day or by hour? An event in its own, a visit where it started. Mostly
-- both are one; the events of visits that lie in several hours (or days, after a change of time zone) are asked apart.
select point, sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds), sum(events), sum(engaged)
from (
  select {point} as point, sum(pageviews) as pageviews, count(*) as visits, sum(turn < 2) as visitors,
         sum(bounces) as bounces, sum(seconds) as seconds, sum(events) as events, sum(engaged) as engaged
  from temp.found_visit
  where day >= :start and day < :end and not {apart}
  group by 1
  union all
  select {point}, 0, count(*), sum(turn < 2), sum(bounces), sum(seconds), 0, 0
  from temp.found_visit
  where :any_apart and {apart} and day >= :start and day < :end
  group by 1
  union all
  select {point}, sum(kind = 1), 0, 0, 0, 0, sum(kind = 2), coalesce(sum(engaged), 0)
  from temp.found
  where :any_apart and {apart} and day >= :start and day < :end
  group by 1
)
group by point
