-- Which visit of its visitor is each?
update temp.matching_visit
set turn = case
  when id = (select first from temp.returning_visitor r where r.visitor = matching_visit.visitor) then 1 else 2
end
where visitor in (select visitor from temp.returning_visitor)
