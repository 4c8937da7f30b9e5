-- Add, or with :sign -1 take away, what `sum_up` made of the events of a site, in the rollup of days.
insert into rollup_day
select site_key, dimension, day, value_id, {signed_sums}
from temp.delta
where site_key = :site
group by 1, 2, 3, 4
{add_up}
