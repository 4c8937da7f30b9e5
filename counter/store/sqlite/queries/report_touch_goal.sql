-- Which found events reach which goal? Whatever they are, they count as its events.
insert into temp.touch
select g.goal, e.visit_id, e.visitor, e.id, 2, e.day
from temp.found e
cross join temp.goal_reach g on g.reach = case e.kind when 1 then e.path_id * 2 when 2 then e.name_id * 2 + 1 end
