-- Remember the ids of hits, so that a retry counts once.
insert into hit_id values {rows}
