-- Which visits have a matching event, and what matches of them?
insert into temp.listed_visit
select m.visit_id, sum(e.kind = {Kind.PAGEVIEW}), sum(e.kind = {Kind.CUSTOM}), coalesce(sum(e.engaged), 0),
       min(e.day), max(e.day), min(e.hour), max(e.hour)
from temp.listed_event m
cross join event e on e.id = m.id
group by m.visit_id
having sum(e.kind <> {Kind.ENGAGED})
