-- Which events match, from the visits to their events? For filters that most visits do not pass.
insert into temp.found_event
select v.id, e.id, e.adds >> 5 & 1
from visit v
cross join event e on (e.id = v.id or (e.visit_id = v.id and e.visit_id <> e.id))
where v.id between :first_id and :last_id and v.site_key = :site and e.day >= :earliest and e.day < :latest
  and {tests}
