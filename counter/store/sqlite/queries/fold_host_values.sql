-- What is added to the hosts of pages?
insert into temp.delta
select site_key, {Dimension.HOST}, day, host, sum(kind = {Kind.PAGEVIEW}), sum(first_of_host),
       sum(first_of_host_in_day), 0, 0, sum(kind = {Kind.CUSTOM}), sum(engaged), sum(proxied)
from temp.step
where host is not null
group by 1, 3, 4
