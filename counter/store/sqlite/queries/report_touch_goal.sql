-- Which found events reach which goal? Whatever they are, they count as its events.
insert into temp.touch
select g.goal, e.visit_id, v.visitor, e.id, 2, e.day
from temp.found_event e
cross join temp.goal_reach g on g.reach = case e.kind when 1 then e.path_id * 2 when 2 then e.name_id * 2 + 1 end
cross join temp.found_visit v on v.id = e.visit_id
