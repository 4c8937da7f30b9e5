-- Which months are not the sum of their days?
select site_key, month from ({query recount_stored_months} except {query recount_counted_months})
union
select site_key, month from ({query recount_counted_months} except {query recount_stored_months})
