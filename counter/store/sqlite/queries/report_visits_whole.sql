-- Which visits match, and what is known of them? For filters on visits alone: all events of a visit match with it.
insert into temp.found_visit
select v.id, coalesce(v.visitor_id, v.id), e.day, e.hour, v.client_id, v.place_id,
       v.origin_id, e.path_id,
       (e.adds >> 2 & 1) - coalesce(sum(l.adds >> 3 & 1), 0),
       e.seconds + coalesce(sum(l.seconds), 0),
       (e.kind = 1) + coalesce(sum(l.kind = 1), 0), (e.kind = 2) + coalesce(sum(l.kind = 2), 0),
       coalesce(sum(l.engaged), 0),
       coalesce(max(l.day <> e.day), 0), coalesce(max(l.hour <> e.hour), 0), 0
from visit v
cross join event e on e.id = v.id
left join event l on l.visit_id = v.id and l.visit_id <> l.id
where v.id between :first_id and :last_id and v.site_key = :site and e.day >= :earliest and e.day < :latest
  and {tests}
group by v.id
