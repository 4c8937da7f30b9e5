-- What do the matching events add up to, by local day or by hour? An event in its own, a visit where it started. Mostly
-- both are one; the events of visits that lie in several hours (or days, after a change of time zone) are asked apart.
select point, {summed}
from (
  select {PointColumn} as point, sum(pageviews) as pageviews, sum(not carrier) as visits, sum(turn < 2) as visitors,
         sum(bounces) as bounces, sum(seconds) as seconds, sum(events) as events, sum(engaged) as engaged,
         sum(pageviews * carrier) as proxied
  from temp.matching_visit
  where day >= :start and day < :end and not {SplitTest}
  group by 1
  union all
  select {PointColumn}, 0, sum(not carrier), sum(turn < 2), sum(bounces), sum(seconds), 0, 0, 0
  from temp.matching_visit
  where :any_apart and {SplitTest} and day >= :start and day < :end
  group by 1
  union all
  select {PointColumn}, sum(kind = {Kind.PAGEVIEW}), 0, 0, 0, 0, sum(kind = {Kind.CUSTOM}), coalesce(sum(engaged), 0),
         sum((kind = {Kind.PAGEVIEW}) * carrier)
  from temp.matching_event
  where :any_apart and {SplitTest} and day >= :start and day < :end
  group by 1
)
group by point
