-- What does each hour of a local day add up to?
select hour, site_key, day, {sums}
from total_hour
where site_key = ? and day = ?
order by 1
