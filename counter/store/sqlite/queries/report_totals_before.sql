-- What do the matching events add up to that happened before :before? Engaged time where its page view is. A
-- visit with such an event, when its first event, where it counts, happened before it, too.
select {summed}
from (
  select sum(kind = {Kind.PAGEVIEW}) as pageviews, 0 as visits, 0 as visitors, 0 as bounces, 0 as seconds,
         sum(kind = {Kind.CUSTOM}) as events, sum(engaged) as engaged,
         sum((kind = {Kind.PAGEVIEW}) * carrier) as proxied
  from temp.matching_event e
  where day >= :start and day < :end
    and case kind when {Kind.ENGAGED} then (select w.at from event w where w.id = e.view_id) else at end < :before
  union all
  select 0, sum(not v.carrier), sum(v.turn < 2), sum(v.bounces), sum(v.seconds), 0, 0, 0
  from temp.matching_visit v
  cross join event f on f.id = v.id
  where v.day >= :start and v.day < :end and f.at < :before
    and v.id in (select visit_id from temp.matching_event where kind <> {Kind.ENGAGED} and at < :before)
)
