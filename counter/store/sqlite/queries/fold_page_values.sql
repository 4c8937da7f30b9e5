-- What is added to pages?
insert into temp.delta
select site_key, {Dimension.PAGE}, day, page, sum(pageviews), sum(visits), sum(visitors), 0, 0, sum(events),
       sum(engaged), sum(proxied)
from temp.page
group by 1, 3, 4
