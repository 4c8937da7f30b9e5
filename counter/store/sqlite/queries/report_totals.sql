-- What do the found events add up to? A visit counts where it started.
select sum(pageviews), sum(inside), sum(inside and turn < 2), sum(inside * bounces), sum(inside * seconds), sum(events),
       sum(engaged)
from (
  select pageviews, events, engaged, turn, bounces, seconds, day >= :start and day < :end as inside
  from temp.found_visit
)
