-- Which of these hit ids of a site are there already?
select h.id
from json_each(?) j
cross join hit_id h
where h.site_key = ? and h.id = j.value
