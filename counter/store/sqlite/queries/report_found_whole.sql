-- Which events match? Those of the found visits, looked up visit by visit.
create temp view {view} as
select e.id, e.visit_id, e.kind, e.at, e.view_id, e.day, e.hour, e.path_id, e.name_id, e.engaged, e.props, e.adds >> 5 & 1 as first,
       v.visitor, v.turn, v.split, v.spread, v.events as customs
from temp.found_visit v
cross join event e on (e.id = v.id or (e.visit_id = v.id and e.visit_id <> e.id))
where {tests}
