-- Put the recount in the place of the totals of days that were removed, with their events from logs.
insert into total_day (site_key, day, {sums}, logged)
select t.*, coalesce(l.logged, 0)
from temp.recount_day t
left join ({query recount_logged}) l on l.site_key = t.site_key and l.day = t.day
where {query mend_this_day}
