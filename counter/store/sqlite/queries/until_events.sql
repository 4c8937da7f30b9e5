-- What of the asked hours happened before the asked moments, among the events of a span? Engaged time where its page
-- view is. [site, day, before, hour].
with asked as materialized (
  select value ->> 0 as site_key, value ->> 1 as day, value ->> 2 as before, value ->> 3 as hour from json_each(:asked)
)
select v.site_key, sum(e.kind = {Kind.PAGEVIEW}), 0, 0, 0, 0, sum(e.kind = {Kind.CUSTOM}), coalesce(sum(e.engaged), 0),
       sum(e.via = {Via.PROXY})
from event e
cross join visit v on v.id = e.visit_id
cross join asked a on a.site_key = v.site_key and a.day = e.day and a.hour = e.hour
where e.id between :first_id and :last_id and e.hour in (select hour from asked)
  and case e.kind when {Kind.ENGAGED} then (select w.at from event w where w.id = e.view_id) else e.at end < a.before
group by v.site_key
