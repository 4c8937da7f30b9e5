-- How many events in (:after, :upto] came from logs, by day?
select v.site_key, e.day, count(*) as logged
from event e
join visit v on v.id = e.visit_id
where e.via = {Via.LOG} and e.kind in ({Kind.PAGEVIEW}, {Kind.CUSTOM}) and e.id > :after and e.id <= :upto
group by 1, 2
