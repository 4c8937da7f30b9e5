-- Which of the events that are folded reach which goal? Views through a proxy reach none.
insert into temp.goal_event
select g.value_id, s.event, s.visit, coalesce(v.visitor_id, v.id), s.site_key, s.day
from temp.step s
join goal g on g.site_key = s.site_key and g.kind = s.kind
join value t on t.id = case s.kind when {Kind.PAGEVIEW} then s.path else s.name end
join visit v on v.id = s.visit
where t.text glob g.pattern and not s.proxied
