-- What do whole months add up to, by the values of one dimension?
insert into temp.value_sum
select value_id, pageviews, visits, visitors, bounces, seconds, events, engaged
from rollup_month
where site_key = :site and dimension = :dimension and month >= :first and month < :last
on conflict do update set
  pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors, bounces = bounces + excluded.bounces, seconds = seconds + excluded.seconds,
  events = events + excluded.events, engaged = engaged + excluded.engaged
