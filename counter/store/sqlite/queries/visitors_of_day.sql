-- Which of these hashes have been here on a day, and as which visitor?
select v.hash, v.visitor_id
from json_each(?) j
cross join visitor v
where v.site_key = ? and v.day = ? and v.hash = j.value
