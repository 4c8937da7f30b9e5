-- Which matching events have which value of the property :key?
insert into temp.value_event
select j.value, e.visit_id, e.visitor, e.id, e.kind, e.day
from temp.matching_event e
cross join json_each(e.props) j
where e.kind <> {Kind.ENGAGED} and e.props is not null and j.key = :key
