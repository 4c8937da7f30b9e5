-- What do the found visits add up to, by a value they brought? Visitors are visits less those that bring it again.
insert into temp.answer
select value, sum(pageviews), sum(inside), sum(inside), sum(inside * bounces), sum(inside * seconds), sum(events),
       sum(engaged)
from (
  select {value} as value, v.pageviews, v.events, v.engaged, v.bounces, v.seconds,
         v.day >= :start and v.day < :end as inside
  from temp.found_visit v {join}
)
group by value
union all
select value, 0, 0, -count(*), 0, 0, 0, 0
from (
  select {value} as value, v.day, row_number() over (partition by v.visitor, {value} order by v.id) as time
  from temp.found_visit v {join}
  where v.turn
)
where time > 1 and day >= :start and day < :end
group by value
