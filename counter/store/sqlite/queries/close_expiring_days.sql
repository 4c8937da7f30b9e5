-- Mark the days that can't be recounted once the events up to :last are gone: theirs, and those of later events of
-- visits that lose their first.
insert or ignore into closed_day
select distinct v.site_key, e.day, 'expired'
from event e
join visit v on v.id = e.visit_id
where e.id <= :last or (e.visit_id <= :last and e.visit_id <> e.id)
