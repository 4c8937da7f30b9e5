-- Which pages (2 * path) and events (2 * name + 1) pass?
select id
from (
  select id * 2 as id from value where (id = 0 or (site_key = :site and dimension = {Dimension.PAGE}))
  union all
  select id * 2 + 1 as id from value where (id = 0 or (site_key = :site and dimension = {Dimension.EVENT}))
  union all
  select :nothing
)
where (id in (select id from temp.named_id)) <> :negative
