-- What do the wrong months add up to, by dimension?
select site_key, month, dimension, {summed}
from rollup_month
where (site_key, month) in (select * from temp.wrong_month)
group by 1, 2, 3
