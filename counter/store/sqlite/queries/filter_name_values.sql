-- Which values does the filter name?
insert into temp.named_id
select t.id
from value t
where (t.id = 0 or (t.site_key = :site and t.dimension = :dimension)) and {FilterTest}
