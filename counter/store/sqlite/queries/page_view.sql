-- To which visitor and visit does the page view with a hit id belong, and when and where was it?
select e.id, coalesce(v.visitor_id, v.id), v.id, e.at, e.hour, e.day, e.path_id, coalesce(e.host_id, 0)
from hit_id h
join event e on e.id = h.event_id
join visit v on v.id = e.visit_id
where h.site_key = ? and h.id = ? and e.kind = {Kind.PAGEVIEW} and e.via <> {Via.PROXY}
