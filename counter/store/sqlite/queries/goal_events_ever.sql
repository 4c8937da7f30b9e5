-- Which events up to :upto ever reached one new goal? The values come first: most events are of other pages.
insert into temp.goal_event
select :goal, e.id, e.visit_id, coalesce(v.visitor_id, v.id), v.site_key, e.day
from event e
join visit v on v.id = e.visit_id
where e.kind = :kind and case :kind when {Kind.PAGEVIEW} then e.path_id else e.name_id end in (
    select id from value where (id = 0 or (site_key = :site and dimension = :dimension)) and text glob :pattern)
  and v.site_key = :site and e.via <> {Via.PROXY} and e.id <= :upto
