-- Which of these log lines, [site, hash], has an earlier import seen, and which of them counted?
select l.site_key, l.hash, l.counted
from json_each(?) j
cross join log_line l
where l.site_key = j.value ->> 0 and l.hash = j.value ->> 1
