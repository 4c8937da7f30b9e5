-- Add what the events add to the rollup of months.
insert into rollup_month
select site_key, dimension, {month}, value_id, {summed}
from temp.delta
where true
group by 1, 2, 3, 4
{add_up}
