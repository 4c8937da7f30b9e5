-- Of which of these days, [site, day, ...], are raw rows gone?
select c.site_key, c.day
from json_each(?) j
cross join closed_day c on c.site_key = j.value ->> 0 and c.day = j.value ->> 1
