-- Which hits of a site were dropped last, newest first?
select at, reason, path, address, user_agent, bot
from drop_log
where site_key = ?
order by id desc
limit min(?, ?)
