-- What do the events of a visit add up to, by day? Every breakdown by what a visit brought needs the same sums.
insert into temp.visit_day
select site_key, day, client_id, place_id, origin_id, entry_page, repeats, sum(kind = {Kind.PAGEVIEW}),
       sum(starts_visit), sum(bounce), sum(seconds), sum(kind = {Kind.CUSTOM}), sum(engaged), sum(proxied)
from temp.step
group by visit, day
