-- What do some days add up to, by the values of one dimension? With :sign -1 they are taken off a whole month.
insert into temp.value_sum
select value_id, :sign * pageviews, :sign * visits, :sign * visitors, :sign * bounces, :sign * seconds,
       :sign * events, :sign * engaged
from rollup_day
where site_key = :site and dimension = :dimension and day >= :first and day < :last
on conflict do update set
  pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors, bounces = bounces + excluded.bounces, seconds = seconds + excluded.seconds,
  events = events + excluded.events, engaged = engaged + excluded.engaged
