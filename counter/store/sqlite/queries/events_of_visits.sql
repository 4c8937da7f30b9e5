-- Which events have these visits, in the order of arrival?
select e.id, e.visit_id, e.at, e.day, e.hour, e.kind, coalesce(e.name_id, e.path_id), e.path_id, e.view_id, e.engaged,
       coalesce(e.host_id, 0)
from json_each(:visits) j
cross join event e on e.id = j.value
union all
select e.id, e.visit_id, e.at, e.day, e.hour, e.kind, coalesce(e.name_id, e.path_id), e.path_id, e.view_id, e.engaged,
       coalesce(e.host_id, 0)
from json_each(:visits) j
cross join event e on e.visit_id = j.value and e.visit_id <> e.id
order by 1
