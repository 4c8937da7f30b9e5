-- What is added to exit pages?
insert into temp.delta
select site_key, {Dimension.EXIT_PAGE}, day, page, 0, sum(exits), 0, 0, 0, 0, 0, 0
from temp.page
group by 1, 3, 4
