-- What do the found events add up to, by page?
insert into temp.page_sum
select path_id, kind = 1, first and kind = 1, first and kind = 1, kind = 2, coalesce(engaged, 0)
from temp.found
where day >= :start and day < :end
on conflict do update set
  pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits, visitors = visitors + excluded.visitors,
  events = events + excluded.events, engaged = engaged + excluded.engaged
