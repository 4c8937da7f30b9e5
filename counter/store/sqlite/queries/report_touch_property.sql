-- Which found events have which value of the property :key?
insert into temp.touch
select j.value, e.visit_id, v.visitor, e.id, e.kind, e.day
from temp.found_event e
cross join temp.found_visit v on v.id = e.visit_id
cross join event x on x.id = e.id
cross join json_each(x.props) j
where e.kind <> 3 and x.props is not null and j.key = :key
