-- Which bots came on which days, by day, the busiest of each first?
select day, name, category, reason, count
from bot_count
where site_key = ? and day >= ? and day < ?
order by day, count desc, name
