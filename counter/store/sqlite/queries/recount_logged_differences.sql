-- On which days is the number of events from logs not what was counted?
select t.site_key, t.day, t.logged, coalesce(l.logged, 0)
from total_day t
left join ({query recount_logged}) l on l.site_key = t.site_key and l.day = t.day
where {query day_is_whole} and t.logged <> coalesce(l.logged, 0)
limit :limit
