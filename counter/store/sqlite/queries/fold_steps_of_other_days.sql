-- What do the events in (:after, :upto] add to the day of their visit's first event, when that is not their own?
insert into temp.step
select v.site_key, f.day, v.client_id, v.place_id, v.origin_id,
       case f.via when {Via.PROXY} then null else f.path_id end, v.repeats, e.path_id, 0, null,
       e.becomes_exit, 0, 0, 0, e.bounce, e.seconds, 0, e.exit_was, e.id, e.visit_id, 0, null, 0, 0
from event e
join visit v on v.id = e.visit_id
join event f on f.id = e.visit_id
where e.id > :after and e.id <= :upto and e.day <> f.day
