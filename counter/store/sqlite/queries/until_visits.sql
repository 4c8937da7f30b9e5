-- Which visits began in the asked hours before the asked moments, among the events of a span? A visit with all of its
-- bounce and duration, as in total_hour. [site, day, before, hour].
with asked as materialized (
  select value ->> 0 as site_key, value ->> 1 as day, value ->> 2 as before, value ->> 3 as hour from json_each(:asked)
)
select v.site_key, 0 as pageviews, f.starts_visit as visits, f.starts_visitor as visitors,
       f.bounce + coalesce(sum(l.bounce), 0) as bounces, f.seconds + coalesce(sum(l.seconds), 0), 0, 0, 0
from event f
cross join visit v on v.id = f.id
cross join asked a on a.site_key = v.site_key and a.day = f.day and a.hour = f.hour and f.at < a.before
left join event l on l.visit_id = f.id and l.visit_id <> l.id
where f.id between :first_id and :last_id and f.visit_id = f.id and f.hour in (select hour from asked)
group by f.id
