-- The same for how many of their events came from logs.
insert into total_day (site_key, day, {sums}, logged)
select v.site_key, e.day, 0, 0, 0, 0, 0, 0, 0, 0, :sign * count(*)
from event e
join visit v on v.id = e.visit_id
where v.site_key = :site and e.via = {Via.LOG} and e.kind in ({Kind.PAGEVIEW}, {Kind.CUSTOM})
group by 2
on conflict do update set logged = logged + excluded.logged
