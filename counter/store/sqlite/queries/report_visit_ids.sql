-- Which visits have a found event, and what matches of them?
insert into temp.found_id
select m.visit_id, sum(e.kind = 1), sum(e.kind = 2), coalesce(sum(e.engaged), 0), min(e.day), max(e.day),
       min(e.hour), max(e.hour)
from temp.found_event m
cross join event e on e.id = m.id
group by m.visit_id
having sum(e.kind <> 3)
