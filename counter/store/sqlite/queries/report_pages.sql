-- What do the found events add up to, by page?
insert into temp.value_sum
select path_id, kind = 1, first and kind = 1, first and kind = 1, 0, 0, kind = 2, coalesce(engaged, 0)
from temp.found
where day >= :start and day < :end
on conflict do update set
  pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors, bounces = bounces + excluded.bounces, seconds = seconds + excluded.seconds,
  events = events + excluded.events, engaged = engaged + excluded.engaged
