-- Which are the last hits before :before that match?
select e.id
from event e
cross join visit v on v.id = e.visit_id
where e.id between :first_id and :last_id and v.site_key = :site and e.day >= :start and e.day < :end
  and e.kind in ({Kind.PAGEVIEW}, {Kind.CUSTOM}) and {query report_tests}
order by e.id desc
limit :limit
