-- Which hours of the asked days began before the asked moments, and which of them were over? [site, day, before].
with asked as materialized (
  select value ->> 0 as site_key, value ->> 1 as day, value ->> 2 as before from json_each(:asked)
)
select a.site_key, t.hour + 3600 <= a.before as over, t.hour, t.pageviews, t.visits, t.visitors, t.bounces, t.seconds,
       t.events, t.engaged
from asked a
cross join total_hour t on t.site_key = a.site_key and t.day = a.day and t.hour < a.before
