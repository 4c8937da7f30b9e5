-- Which visits have a found event, and what of it lies in the period?
insert into temp.found_id
select visit_id, sum(kind = 1 and day >= :start and day < :end), sum(kind = 2 and day >= :start and day < :end),
       sum(case when day >= :start and day < :end then coalesce(engaged, 0) else 0 end)
from temp.found_event
group by visit_id
having sum(kind <> 3)
