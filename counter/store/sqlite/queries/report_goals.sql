-- Which pages and events reach which goal?
insert into temp.goal_reach
select t.id * 2 + (g.kind = {Kind.CUSTOM}), g.value_id
from goal g
join value t on t.id = 0 or (
  t.site_key = g.site_key
  and t.dimension = case g.kind when {Kind.PAGEVIEW} then {Dimension.PAGE} else {Dimension.EVENT} end
)
where g.site_key = :site and t.text glob g.pattern
