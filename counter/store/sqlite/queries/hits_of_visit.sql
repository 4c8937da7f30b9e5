-- Which are the hits of a visit, in the order of time? Those of one second as they arrived.
select e.id
from (select id, site_key from visit where id = :visit and site_key = :site) v
join event e on (e.id = v.id or (e.visit_id = v.id and e.visit_id <> e.id))
where e.kind in ({Kind.PAGEVIEW}, {Kind.CUSTOM})
order by e.at, e.id
