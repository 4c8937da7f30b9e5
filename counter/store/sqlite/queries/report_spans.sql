-- Between which ids lie the folded events of a period, and their visits?
select min(first_event), max(last_event)
from day_span
where site_key = :site and day >= :earliest and day < :latest
