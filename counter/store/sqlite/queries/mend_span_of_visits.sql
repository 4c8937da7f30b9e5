-- Which is the last event of the visits that began between two ids?
select max(id) from event where visit_id between ? and ? and visit_id <> id
