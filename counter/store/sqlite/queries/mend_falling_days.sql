-- On which of the wrong days is a sum higher than its recount?
select distinct t.site_key, t.day
from {StoredTable} t
left join {CountedTable} c using (site_key, {SumKey})
where {query mend_this_day} and ({any_falls})
