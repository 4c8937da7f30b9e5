-- What do the found visits that lie within one day add up to, by a value they brought? Each counts as a visitor here.
insert into temp.value_sum
select {value}, v.pageviews, 1, 1, v.bounces, v.seconds, v.events, v.engaged
from temp.found_visit v {join}
where v.day >= :start and v.day < :end and not v.split
on conflict do update set
  pageviews = pageviews + excluded.pageviews, visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors, bounces = bounces + excluded.bounces, seconds = seconds + excluded.seconds,
  events = events + excluded.events, engaged = engaged + excluded.engaged
