-- Which events lie in (:after, :upto], joined once for all breakdowns? The day is the event's own. A visit's part
-- belongs to the day of its first event: after a change of time zone that can be another day, and a row of its own.
insert into temp.step
select v.site_key, e.day, v.client_id, v.place_id, v.origin_id,
       case f.via when {Via.PROXY} then null else f.path_id end, v.repeats, e.path_id, e.kind, e.name_id,
       case when e.day = f.day then e.becomes_exit else 0 end, e.first_in_visit, e.first_in_day, e.starts_visit,
       case when e.day = f.day then e.bounce else 0 end,
       case when e.day = f.day then e.seconds else 0 end, coalesce(e.engaged, 0),
       case when e.day = f.day then e.exit_was end, e.id, e.visit_id, e.via = {Via.PROXY},
       coalesce(e.host_id, 0), e.first_of_host, e.first_of_host_in_day
from event e
join visit v on v.id = e.visit_id
join event f on f.id = e.visit_id
where e.id > :after and e.id <= :upto
