-- Which visits have a matching event, and what matches of them? From the events to their visits: for filters that most
-- events do not pass. An upsert takes half the time of grouping.
insert into temp.listed_visit
select e.visit_id, e.kind = {Kind.PAGEVIEW}, e.kind = {Kind.CUSTOM}, coalesce(e.engaged, 0),
       e.day, e.day, e.hour, e.hour
from event e
cross join visit v on v.id = e.visit_id
where e.id between :first_id and :last_id and v.site_key = :site and e.day >= :earliest and e.day < :latest
  and {query report_tests}
on conflict do update set
  pageviews = pageviews + excluded.pageviews, events = events + excluded.events, engaged = engaged + excluded.engaged,
  first_day = min(first_day, excluded.first_day), last_day = max(last_day, excluded.last_day),
  first_hour = min(first_hour, excluded.first_hour), last_hour = max(last_hour, excluded.last_hour)
