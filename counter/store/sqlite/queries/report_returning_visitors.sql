-- Which visitors have several of the matching visits, and which visit is their first?
insert into temp.returning_visitor
select visitor, min(id)
from (
  select visitor, id from temp.matching_visit where visitor <> id
  union all
  select id, id from temp.matching_visit
  where visitor = id and id in (select visitor from temp.matching_visit where visitor <> id)
)
group by visitor
having count(*) > 1
