-- Put the events of a site into the days and hours of its zone. Engaged time stays with its page view.
update event
set (day, hour) = (
  select local_day(w.at), local_hour(w.at) from event w where w.id = coalesce(event.view_id, event.id)
)
where visit_id in (select id from visit where site_key = :site)
