-- What is added to custom events, by name?
insert into temp.delta
select site_key, {Dimension.EVENT}, day, name, 0, sum(first_in_visit), sum(first_in_day), 0, 0, count(*), 0, 0
from temp.step
where kind = {Kind.CUSTOM}
group by 1, 3, 4
