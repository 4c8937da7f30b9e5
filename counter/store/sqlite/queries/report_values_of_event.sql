-- Which matching events have a name?
insert into temp.value_event
select name_id, visit_id, visitor, id, kind, day
from temp.matching_event
where customs and kind = {Kind.CUSTOM}
