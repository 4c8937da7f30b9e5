-- Which events match? Those of the matching visits, looked up visit by visit.
create temp view {MatchView} as
select e.id, e.visit_id, e.kind, e.at, e.view_id, e.day, e.hour, e.path_id, e.name_id, e.engaged, e.props,
       e.first_in_visit as first, v.visitor, v.turn, v.split, v.spread, v.events as customs, v.carrier,
       coalesce(e.host_id, 0) as host_id
from temp.matching_visit v
cross join event e on (e.id = v.id or (e.visit_id = v.id and e.visit_id <> e.id))
where {query report_tests}
