-- What do the found events add up to, by local day and hour? An event in its own, a visit where it started: those
-- that lie in several hours, or days, event by event.
insert into temp.hour_sum
select :site, day, hour, pageviews, 1, turn < 2, bounces, seconds, events, engaged
from temp.found_visit
where day >= :start and day < :end and not (split or spread)
union all
select :site, day, hour, 0, 1, turn < 2, bounces, seconds, 0, 0
from temp.found_visit
where day >= :start and day < :end and (split or spread)
union all
select :site, day, hour, kind = 1, 0, 0, 0, 0, kind = 2, coalesce(engaged, 0)
from temp.found
where day >= :start and day < :end and (split or spread)
on conflict do update set
  pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors, bounces = bounces + excluded.bounces, seconds = seconds + excluded.seconds,
  events = events + excluded.events, engaged = engaged + excluded.engaged
