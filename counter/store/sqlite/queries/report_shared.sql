-- Which visitors have several of the found visits, and which visit is their first?
insert into temp.shared
select visitor, min(id)
from (
  select visitor, id from temp.found_visit where visitor <> id
  union all
  select id, id from temp.found_visit
  where visitor = id and id in (select visitor from temp.found_visit where visitor <> id)
)
group by visitor
having count(*) > 1
