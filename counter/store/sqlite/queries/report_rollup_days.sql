-- What do some days add up to, by the values of one dimension? With :sign -1 they are taken off a whole month.
insert into temp.value_sum
select value_id, {signed}
from rollup_day
where site_key = :site and dimension = :dimension and day >= :first and day < :last
{add_up}
