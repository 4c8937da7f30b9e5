-- Note where the events of a site lie that are folded, day by day; its former spans were removed.
insert into day_span
select v.site_key, e.day, min(e.visit_id), max(e.id)
from event e
join visit v on v.id = e.visit_id
where v.site_key = :site and e.id <= (select event_id from watermark)
group by 2
