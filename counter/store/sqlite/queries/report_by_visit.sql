-- What do the found visits add up to, by a value they brought? Visitors are visits less those that bring it again.
insert into temp.answer
select * from temp.value_sum
union all
select {value}, 0, count(*), count(*), sum(v.bounces), sum(v.seconds), 0, 0
from temp.found_visit v {join}
where :any_split and v.split and v.day >= :start and v.day < :end
group by 1
union all
select {value}, sum(e.kind = 1), 0, 0, 0, 0, sum(e.kind = 2), coalesce(sum(e.engaged), 0)
from temp.found_visit v
cross join temp.found e on e.visit_id = v.id {join}
where :any_split and v.split and e.day >= :start and e.day < :end
group by 1
union all
select value, 0, 0, -count(*), 0, 0, 0, 0
from (
  select {value} as value, v.day, row_number() over (partition by v.visitor, {value} order by v.id) as time
  from temp.found_visit v {join}
  where v.turn
)
where time > 1 and day >= :start and day < :end
group by value
