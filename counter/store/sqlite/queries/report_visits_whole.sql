-- Which visits match, and what is known of them? For filters on visits alone: all events of a visit match with it.
insert into temp.matching_visit
select v.id, coalesce(v.visitor_id, v.id), e.day, e.hour, v.client_id, v.place_id,
       v.origin_id, case e.via when {Via.PROXY} then null else e.path_id end,
       e.bounce + coalesce(sum(l.bounce), 0),
       e.seconds + coalesce(sum(l.seconds), 0),
       (e.kind = {Kind.PAGEVIEW}) + coalesce(sum(l.kind = {Kind.PAGEVIEW}), 0),
       (e.kind = {Kind.CUSTOM}) + coalesce(sum(l.kind = {Kind.CUSTOM}), 0),
       coalesce(sum(l.engaged), 0),
       coalesce(max(l.day <> e.day), 0), coalesce(max(l.hour <> e.hour), 0),
       2 * (e.via = {Via.PROXY}), e.via = {Via.PROXY}
from visit v
cross join event e on e.id = v.id
left join event l on l.visit_id = v.id and l.visit_id <> l.id
where v.id between :first_id and :last_id and v.site_key = :site and e.day >= :earliest and e.day < :latest
  and {query report_tests}
group by v.id
