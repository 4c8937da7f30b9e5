-- Which entry or exit pages pass, what a carrier has instead of one among them?
select id
from ({query filter_values} union all select :nothing)
where (id in (select id from temp.named_id)) <> :negative
