-- What do the raw events in (:after, :upto] add up to, per hour? An event in its own hour, its visit's part in the
-- visit's first hour.
select site_key, day, hour, {summed}
from (
  select v.site_key, e.day, e.hour, sum(e.kind = {Kind.PAGEVIEW}) as pageviews, 0 as visits, 0 as visitors,
         0 as bounces, 0 as seconds, sum(e.kind = {Kind.CUSTOM}) as events, sum(coalesce(e.engaged, 0)) as engaged,
         sum(e.via = {Via.PROXY}) as proxied
  from event e join visit v on v.id = e.visit_id
  where e.id > :after and e.id <= :upto
  group by 1, 2, 3
  union all
  select v.site_key, f.day, f.hour, 0, sum(e.starts_visit), sum(e.starts_visitor), sum(e.bounce), sum(e.seconds), 0,
         0, 0
  from event e join visit v on v.id = e.visit_id join event f on f.id = e.visit_id
  where e.id > :after and e.id <= :upto
  group by 1, 2, 3
)
group by 1, 2, 3
