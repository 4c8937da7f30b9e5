-- What do the events that are not folded yet add to a period, by the values of one dimension?
insert into temp.value_sum
select value_id, pageviews, visits, visitors, bounces, seconds, events, engaged
from temp.delta
where site_key = :site and dimension = :dimension and day >= :start and day < :end
on conflict do update set
  pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors, bounces = bounces + excluded.bounces, seconds = seconds + excluded.seconds,
  events = events + excluded.events, engaged = engaged + excluded.engaged
