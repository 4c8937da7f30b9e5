-- Which names of events pass, that of every page view among them?
select id
from ({query filter_values} union all select :pageview)
where (id in (select id from temp.named_id)) <> :negative
