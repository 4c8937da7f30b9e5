-- Between which ids lie the events of the wrong days?
select min(id), max(id) from event where day in (select day from temp.wrong_day)
