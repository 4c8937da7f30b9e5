-- What do the found events add up to that happened before :before? Engaged time where its page view is. A visit with such
-- an event, when its first event, where it counts, happened before it, too.
select sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds), sum(events), sum(engaged)
from (
  select sum(kind = 1) as pageviews, 0 as visits, 0 as visitors, 0 as bounces, 0 as seconds, sum(kind = 2) as events,
         sum(engaged) as engaged
  from temp.found e
  where day >= :start and day < :end
    and case kind when 3 then (select w.at from event w where w.id = e.view_id) else at end < :before
  union all
  select 0, count(*), sum(v.turn < 2), sum(v.bounces), sum(v.seconds), 0, 0
  from temp.found_visit v
  cross join event f on f.id = v.id
  where v.day >= :start and v.day < :end and f.at < :before
    and v.id in (select visit_id from temp.found where kind <> 3 and at < :before)
)
