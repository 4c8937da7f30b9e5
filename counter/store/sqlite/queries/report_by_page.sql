-- What do the found events add up to, by page? Visitors are visits less those in which they see it again.
insert into temp.answer
select path_id, sum(kind = 1), sum(first and kind = 1), sum(first and kind = 1), 0, 0, sum(kind = 2),
       sum(coalesce(engaged, 0))
from temp.found
where day >= :start and day < :end
group by path_id
union all
select path_id, 0, 0, -count(*), 0, 0, 0, 0
from (
  select path_id, day, row_number() over (partition by visitor, path_id order by id) as time
  from temp.found
  where turn and kind = 1 and first
)
where time > 1 and day >= :start and day < :end
group by path_id
