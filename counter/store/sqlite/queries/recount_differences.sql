-- Which rows are stored (0) and not what was counted, and which were counted (1) and are not stored?
select 0, * from ({query recount_stored_rows} except {query recount_counted_rows} limit :limit)
union all
select 1, * from ({query recount_counted_rows} except {query recount_stored_rows} limit :limit)
