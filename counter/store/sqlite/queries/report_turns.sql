-- Which visit of its visitor is each?
update temp.found_visit
set turn = case when id = (select first from temp.shared s where s.visitor = found_visit.visitor) then 1 else 2 end
where visitor in (select visitor from temp.shared)
