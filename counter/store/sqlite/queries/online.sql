-- Who has been seen since a moment, and when last, among the last events of all sites?
select v.site_key, coalesce(v.visitor_id, v.id), max(e.at)
from event e
join visit v on v.id = e.visit_id
where e.id > (select max(id) - :looked_at from event) and e.at >= :since
  and e.via not in ({Via.LOG}, {Via.PROXY}) and e.kind <> {Kind.ENGAGED}
group by 1, 2
