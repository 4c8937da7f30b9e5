-- Where did the found visits end?
insert into temp.answer
select exit_page, 0, count(*), 0, 0, 0, 0, 0
from temp.found_visit
where day >= :start and day < :end
group by exit_page
