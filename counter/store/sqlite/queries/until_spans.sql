-- Between which ids lie the folded events of these days, [site, day], in order?
select s.first_event, s.last_event
from json_each(?) j
cross join day_span s on s.site_key = j.value ->> 0 and s.day = j.value ->> 1
order by 1
