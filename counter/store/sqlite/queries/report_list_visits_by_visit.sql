-- Which visits have a matching event, and what matches of them? From the visits to their events: for filters that most
-- visits do not pass.
insert into temp.listed_visit
select v.id, sum(e.kind = {Kind.PAGEVIEW}), sum(e.kind = {Kind.CUSTOM}), coalesce(sum(e.engaged), 0),
       min(e.day), max(e.day), min(e.hour), max(e.hour)
from visit v
cross join event e on (e.id = v.id or (e.visit_id = v.id and e.visit_id <> e.id))
where v.id between :first_id and :last_id and v.site_key = :site and e.day >= :earliest and e.day < :latest
  and {query report_tests}
group by v.id
