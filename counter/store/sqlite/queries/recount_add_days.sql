-- Add up the recount of days from that of hours.
insert into temp.recount_day
select site_key, day, {summed}
from temp.recount_hour
group by 1, 2
