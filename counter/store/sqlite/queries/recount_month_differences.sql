-- Which months are stored (0) and not the sum of their days, and which sums (1) are not stored?
select 0, * from ({query recount_stored_months} except {query recount_counted_months} limit :limit)
union all
select 1, * from ({query recount_counted_months} except {query recount_stored_months} limit :limit)
