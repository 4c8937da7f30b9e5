-- Which found events have a name?
insert into temp.touch
select name_id, visit_id, visitor, id, kind, day
from temp.found
where customs and kind = 2
