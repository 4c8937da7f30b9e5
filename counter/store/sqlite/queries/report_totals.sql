-- What do the matching events add up to? A visit counts where it started, and within one day so do its events.
select {summed}
from (
  select sum(pageviews) as pageviews, sum(not carrier) as visits, sum(turn < 2) as visitors,
         sum(bounces) as bounces, sum(seconds) as seconds, sum(events) as events, sum(engaged) as engaged,
         sum(pageviews * carrier) as proxied
  from temp.matching_visit
  where day >= :start and day < :end and not split
  union all
  select 0, sum(not carrier), sum(turn < 2), sum(bounces), sum(seconds), 0, 0, 0
  from temp.matching_visit
  where :any_split and split and day >= :start and day < :end
  union all
  select sum(kind = {Kind.PAGEVIEW}), 0, 0, 0, 0, sum(kind = {Kind.CUSTOM}), sum(engaged),
         sum((kind = {Kind.PAGEVIEW}) * carrier)
  from temp.matching_event
  where :any_split and split and day >= :start and day < :end
)
