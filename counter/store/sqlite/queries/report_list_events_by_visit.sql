-- Which events match, from the visits to their events? For filters that most visits do not pass.
insert into temp.listed_event
select v.id, e.id, e.first_in_visit
from visit v
cross join event e on (e.id = v.id or (e.visit_id = v.id and e.visit_id <> e.id))
where v.id between :first_id and :last_id and v.site_key = :site and e.day >= :earliest and e.day < :latest
  and {query report_tests}
