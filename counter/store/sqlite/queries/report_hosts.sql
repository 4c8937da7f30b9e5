-- What do the matching events add up to, by host of the page?
insert into temp.value_sum
select host_id, kind = {Kind.PAGEVIEW}, 0, 0, 0, 0, kind = {Kind.CUSTOM}, coalesce(engaged, 0),
       (kind = {Kind.PAGEVIEW}) * carrier
from temp.matching_event
where day >= :start and day < :end
{add_up}
