-- Add, or with :sign -1 take away, what the raw rows of a site add up to, in the totals of days.
insert into total_day (site_key, day, {sums}, logged)
select site_key, day, {signed_sums}, 0
from (select * from ({query recount_hours}) where site_key = :site)
where true
group by 1, 2
{add_up}
