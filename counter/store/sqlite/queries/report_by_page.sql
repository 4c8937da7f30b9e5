-- What do the found events add up to, by page? Visitors are visits less those in which they see it again.
insert into temp.answer
select path_id, sum(kind = 1), sum(first and kind = 1), sum(first and kind = 1), 0, 0, sum(kind = 2),
       sum(coalesce(engaged, 0))
from temp.found_event
where day >= :start and day < :end
group by path_id
union all
select path_id, 0, 0, -count(*), 0, 0, 0, 0
from (
  select e.path_id, e.day, row_number() over (partition by v.visitor, e.path_id order by e.id) as time
  from temp.found_visit v
  cross join temp.found_event e on e.visit_id = v.id
  where v.turn and e.kind = 1 and e.first
)
where time > 1 and day >= :start and day < :end
group by path_id
