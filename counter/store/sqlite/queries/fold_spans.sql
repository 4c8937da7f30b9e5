-- Note where the events of a day lie, so that a question about it does not read all of them.
insert into day_span
select site_key, day, min(visit), max(event)
from temp.step
where true
group by 1, 2
on conflict do update set
  first_event = min(first_event, excluded.first_event), last_event = max(last_event, excluded.last_event)
