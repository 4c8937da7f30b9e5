-- Who has been seen since a moment, and when last, among the last 200,000 events of all sites?
select v.site_key, coalesce(v.visitor_id, v.id), max(e.at)
from event e
join visit v on v.id = e.visit_id
where e.id > (select max(id) - 200000 from event) and e.at >= ? and e.via <> {Via.LOG} and e.kind <> {Kind.ENGAGED}
group by 1, 2
