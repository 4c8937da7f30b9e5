-- What do the events add to pages, by day? Their visitors are not a plain sum.
insert into temp.page
select site_key, day, path, sum(kind = {Kind.PAGEVIEW}), sum(first_in_visit * (kind = {Kind.PAGEVIEW})),
       sum(first_in_day * (kind = {Kind.PAGEVIEW})), sum(kind = {Kind.CUSTOM}), sum(engaged), sum(becomes_exit),
       sum(proxied)
from temp.step
group by 1, 2, 3
