-- Which found page views are the first of their page in their visit? Asked anew when properties decide: of two views
-- of one page only the second may match.
update temp.found_event set first = id in (
  select min(id) from temp.found_event where kind = 1 group by visit_id, path_id
)
