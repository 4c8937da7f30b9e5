-- What do the rollups of days add up to, by month?
select site_key, dimension, {month} as month, value_id, {summed}
from rollup_day
group by 1, 2, 3, 4
