-- Which hours of the asked days began before the asked moments, and which of them were over?
-- [site, first day, day after the last, before].
with asked as materialized (
  select value ->> 0 as site_key, value ->> 1 as start, value ->> 2 as "end", value ->> 3 as before
  from json_each(:asked)
)
select a.site_key, t.day, t.hour + 3600 <= a.before as over, t.hour, {sums t}
from asked a
cross join total_hour t on t.site_key = a.site_key and t.day >= a.start and t.day < a."end" and t.hour < a.before
