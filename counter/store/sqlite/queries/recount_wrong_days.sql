-- Which days have rows that differ from what was counted?
select site_key, day from ({query recount_stored_rows} except {query recount_counted_rows})
union
select site_key, day from ({query recount_counted_rows} except {query recount_stored_rows})
