-- What do the visits of a client, place, origin or entry page add up to, by day? The visits of a visitor's first time
-- with a value are that value's visitors, so they stay apart by `repeats` until the dimension is known.
insert into temp.part (site_key, day, {VisitColumn}, repeats, pageviews, visits, bounces, seconds, events, engaged,
                       proxied)
select site_key, day, {VisitColumn}, repeats, sum(pageviews), sum(visits), sum(bounces), sum(seconds), sum(events),
       sum(engaged), sum(proxied)
from temp.visit_day
group by 1, 2, 3, 4
