-- Which found page views are the first of their page in their visit? Asked anew when properties decide: of two views
-- of one page only the second may match.
update temp.found_event set first = id in (
  select min(m.id)
  from temp.found_event m
  cross join event e on e.id = m.id
  where e.kind = 1
  group by e.visit_id, e.path_id
)
