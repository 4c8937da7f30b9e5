-- What does each day add up to, of one site or of all?
select site_key, day, {sums}
from total_day
where :site is null or site_key = :site
order by 1, 2
