-- What had the same visitors reached up to :after? With it the first time is known to be the first.
insert into temp.goal_event
select g.value_id, e.id, e.visit_id, w.visitor, w.site_key, e.day
from (
  select visitor, visitor as visit, site_key from temp.goal_event
  union
  select r.visitor, v.id, r.site_key from temp.goal_event r join visit v on v.visitor_id = r.visitor
) w
cross join (
  select id, visit_id, kind, path_id, name_id, day from event where id = visit_id
  union all
  select id, visit_id, kind, path_id, name_id, day from event where id <> visit_id
) e on e.visit_id = w.visit
join goal g on g.site_key = w.site_key and g.kind = e.kind
join value t on t.id = case e.kind when {Kind.PAGEVIEW} then e.path_id else e.name_id end
where e.id <= :after and t.text glob g.pattern
