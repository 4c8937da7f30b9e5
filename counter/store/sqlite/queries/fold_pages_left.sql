-- Which pages stop being exit pages? Exits move: a later page view takes the exit from the page before.
insert into temp.page
select site_key, day, exit_was, 0, 0, 0, 0, 0, -count(*), 0
from temp.step
where exit_was is not null
group by 1, 2, 3
