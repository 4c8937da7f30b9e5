-- Which hits of a site arrived last after event :after, not from logs, and happened at :since or later?
select e.id
from event e
cross join visit v on v.id = e.visit_id
where e.id > :after and e.at >= :since and e.via <> {Via.LOG} and e.kind in ({Kind.PAGEVIEW}, {Kind.CUSTOM})
  and v.site_key = :site
order by e.id desc
limit :limit
