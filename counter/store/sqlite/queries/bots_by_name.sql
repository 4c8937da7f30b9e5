-- Which bots came in a period, the busiest first?
select name, category, reason, sum(count)
from bot_count
where site_key = ? and day >= ? and day < ?
group by name, category, reason
order by sum(count) desc, name, category, reason
