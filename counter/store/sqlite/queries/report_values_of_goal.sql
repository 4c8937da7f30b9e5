-- Which matching events reach which goal? Whatever they are, they count as its events.
insert into temp.value_event
select g.goal, e.visit_id, e.visitor, e.id, {Kind.CUSTOM}, e.day
from temp.matching_event e
cross join temp.goal_reach g on g.reach = case e.kind
  when {Kind.PAGEVIEW} then e.path_id * 2 when {Kind.CUSTOM} then e.name_id * 2 + 1
end
where not e.carrier
