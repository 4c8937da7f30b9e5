-- In which of the wrong months is a sum higher than that of its days?
select distinct t.site_key, t.month
from rollup_month t
left join ({query mend_counted_months}) c using (site_key, dimension, month, value_id)
where (t.site_key, t.month) in (select * from temp.wrong_month) and ({any_falls})
