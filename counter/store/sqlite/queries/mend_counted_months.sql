-- What do the stored days of the wrong months add up to?
select site_key, dimension, {month} as month, value_id, {summed}
from rollup_day
where (site_key, {month}) in (select site_key, month from temp.wrong_month)
group by 1, 2, 3, 4
