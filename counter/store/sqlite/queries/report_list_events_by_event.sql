-- Which events match, from the events to their visits? For filters that most events do not pass.
insert into temp.listed_event
select e.visit_id, e.id, e.first_in_visit
from event e
cross join visit v on v.id = e.visit_id
where e.id between :first_id and :last_id and v.site_key = :site and e.day >= :earliest and e.day < :latest
  and {query report_tests}
