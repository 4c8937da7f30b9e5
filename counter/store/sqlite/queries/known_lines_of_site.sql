-- Which of these log lines of one site has an earlier import seen, and which of them counted?
select l.hash, l.counted
from json_each(?) j
cross join log_line l
where l.site_key = ? and l.hash = j.value
