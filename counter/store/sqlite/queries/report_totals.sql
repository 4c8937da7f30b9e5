-- What do the found events add up to? A visit counts where it started, and within one day so do its events.
select sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds), sum(events), sum(engaged)
from (
  select sum(pageviews) as pageviews, count(*) as visits, sum(turn < 2) as visitors,
         sum(bounces) as bounces, sum(seconds) as seconds, sum(events) as events, sum(engaged) as engaged
  from temp.found_visit
  where day >= :start and day < :end and not split
  union all
  select 0, count(*), sum(turn < 2), sum(bounces), sum(seconds), 0, 0
  from temp.found_visit
  where :any_split and split and day >= :start and day < :end
  union all
  select sum(kind = 1), 0, 0, 0, 0, sum(kind = 2), sum(engaged)
  from temp.found
  where :any_split and split and day >= :start and day < :end
)
