-- Add the days of one value to its months.
insert into rollup_month
select site_key, dimension, {month}, value_id, {summed}
from rollup_day
where dimension = ? and value_id = ?
group by 1, 3
{add_up}
