-- Which found events have a name?
insert into temp.touch
select e.name_id, e.visit_id, v.visitor, e.id, e.kind, e.day
from temp.found_event e
cross join temp.found_visit v on v.id = e.visit_id
where e.kind = 2
