-- Add, or with :sign -1 take away, what the raw rows of a site add up to, in the totals of hours.
insert into total_hour
select site_key, day, hour, {signed_sums}
from (select * from ({query recount_hours}) where site_key = :site)
where true
group by 1, 2, 3
{add_up}
