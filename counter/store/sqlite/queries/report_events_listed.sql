-- Which events match? Those that are written down.
create temp view {MatchView} as
select e.id, e.visit_id, e.kind, e.at, e.view_id, e.day, e.hour, e.path_id, e.name_id, e.engaged, e.props,
       m.first, v.visitor, v.turn, v.split, v.spread, v.events as customs, v.carrier,
       coalesce(e.host_id, 0) as host_id
from temp.matching_visit v
cross join temp.listed_event m on m.visit_id = v.id
cross join event e on e.id = m.id
