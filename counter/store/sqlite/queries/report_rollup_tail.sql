-- What do the events that are not folded yet add to a period, by the values of one dimension?
insert into temp.value_sum
select value_id, {sums}
from temp.delta
where site_key = :site and dimension = :dimension and day >= :start and day < :end
{add_up}
