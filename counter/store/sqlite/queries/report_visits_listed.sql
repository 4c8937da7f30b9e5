-- What is known of the visits that have a matching event?
insert into temp.matching_visit
select m.id, coalesce(v.visitor_id, v.id), f.day, f.hour, v.client_id, v.place_id,
       v.origin_id, case f.via when {Via.PROXY} then null else f.path_id end,
       f.bounce + coalesce(sum(l.bounce), 0),
       f.seconds + coalesce(sum(l.seconds), 0), m.pageviews, m.events, m.engaged,
       m.first_day <> f.day or m.last_day <> f.day, m.first_hour <> f.hour or m.last_hour <> f.hour,
       2 * (f.via = {Via.PROXY}), f.via = {Via.PROXY}
from temp.listed_visit m
cross join visit v on v.id = m.id
cross join event f on f.id = m.id
left join event l on l.visit_id = m.id and l.visit_id <> l.id
group by m.id
