-- Which matching page views are the first of their page in their visit? Asked again when properties or
-- hosts decide: of two views of one page only the second may match.
update temp.listed_event set first = id in (
  select min(m.id)
  from temp.listed_event m
  cross join event e on e.id = m.id
  where e.kind = {Kind.PAGEVIEW} and e.via <> {Via.PROXY}
  group by e.visit_id, e.path_id
)
