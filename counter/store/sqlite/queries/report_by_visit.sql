-- What do the matching visits add up to, by a value they brought? Visitors are visits less those that bring it again.
insert into temp.answer
select * from temp.value_sum
union all
select {VisitValue}, 0, sum(not v.carrier), sum(not v.carrier), sum(v.bounces), sum(v.seconds), 0, 0, 0
from temp.matching_visit v {DictionaryJoin}
where :any_split and v.split and v.day >= :start and v.day < :end and {VisitValue} is not null
group by 1
union all
select {VisitValue}, sum(e.kind = {Kind.PAGEVIEW}), 0, 0, 0, 0, sum(e.kind = {Kind.CUSTOM}),
       coalesce(sum(e.engaged), 0), sum((e.kind = {Kind.PAGEVIEW}) * v.carrier)
from temp.matching_visit v
cross join temp.matching_event e on e.visit_id = v.id {DictionaryJoin}
where :any_split and v.split and e.day >= :start and e.day < :end and {VisitValue} is not null
group by 1
union all
select value, 0, 0, -count(*), 0, 0, 0, 0, 0
from (
  select {VisitValue} as value, v.day, row_number() over (partition by v.visitor, {VisitValue} order by v.id) as time
  from temp.matching_visit v {DictionaryJoin}
  where v.turn and not v.carrier
)
where time > 1 and day >= :start and day < :end
group by value
