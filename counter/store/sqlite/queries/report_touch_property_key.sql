-- Which found events have which properties?
insert into temp.touch
select j.key, e.visit_id, e.visitor, e.id, e.kind, e.day
from temp.found e
cross join json_each(e.props) j
where e.kind <> 3 and e.props is not null
