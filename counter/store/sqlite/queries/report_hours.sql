-- What do the matching events add up to, by local day and hour? An event in its own, a visit where it started: those
-- that lie in several hours, or days, event by event.
insert into temp.hour_sum
select :site, day, hour, pageviews, not carrier, turn < 2, bounces, seconds, events, engaged, pageviews * carrier
from temp.matching_visit
where day >= :start and day < :end and not (split or spread)
union all
select :site, day, hour, 0, not carrier, turn < 2, bounces, seconds, 0, 0, 0
from temp.matching_visit
where day >= :start and day < :end and (split or spread)
union all
select :site, day, hour, kind = {Kind.PAGEVIEW}, 0, 0, 0, 0, kind = {Kind.CUSTOM}, coalesce(engaged, 0),
       (kind = {Kind.PAGEVIEW}) * carrier
from temp.matching_event
where day >= :start and day < :end and (split or spread)
{add_up}
