-- What do the found events add up to, by local day or by hour? An event in its own, a visit where it started.
select point, sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds), sum(events), sum(engaged)
from (
  select {point} as point, sum(kind = 1) as pageviews, 0 as visits, 0 as visitors, 0 as bounces, 0 as seconds,
         sum(kind = 2) as events, sum(coalesce(engaged, 0)) as engaged
  from temp.found_event
  where day >= :start and day < :end
  group by 1
  union all
  select {point}, 0, count(*), sum(turn < 2), sum(bounces), sum(seconds), 0, 0
  from temp.found_visit
  where day >= :start and day < :end
  group by 1
)
group by point
