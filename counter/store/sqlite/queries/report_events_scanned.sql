-- Which events match? Those of the matching visits, which are many: each event is looked at where it lies.
create temp view {MatchView} as
select e.id, e.visit_id, e.kind, e.at, e.view_id, e.day, e.hour, e.path_id, e.name_id, e.engaged, e.props,
       e.first_in_visit as first, v.visitor, v.turn, v.split, v.spread, v.events as customs, v.carrier,
       coalesce(e.host_id, 0) as host_id
from event e
cross join temp.matching_visit v on v.id = e.visit_id
where e.id >= (select min(id) from temp.matching_visit) and {query report_tests}
