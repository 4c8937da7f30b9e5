-- Remove the visits up to an id that have no event any more.
delete from visit
where id <= ? and not exists (select 1 from event e where e.visit_id = visit.id and e.visit_id <> e.id)
