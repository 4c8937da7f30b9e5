-- Which events match? Those of the found visits, which are many: each event is looked at where it lies.
create temp view {view} as
select e.id, e.visit_id, e.kind, e.at, e.view_id, e.day, e.hour, e.path_id, e.name_id, e.engaged, e.props, e.adds >> 5 & 1 as first,
       v.visitor, v.turn, v.split, v.spread, v.events as customs
from event e
cross join temp.found_visit v on v.id = e.visit_id
where e.id >= {first_id} and {tests}
