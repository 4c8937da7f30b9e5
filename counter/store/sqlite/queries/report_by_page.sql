-- What do the pages add up to? Visitors are visits less those in which they see the page again.
insert into temp.answer
select * from temp.value_sum
union all
select path_id, 0, 0, -count(*), 0, 0, 0, 0, 0
from (
  select path_id, day, row_number() over (partition by visitor, path_id order by id) as time
  from temp.matching_event_by_visit
  where turn and kind = {Kind.PAGEVIEW} and first
)
where time > 1 and day >= :start and day < :end
group by path_id
