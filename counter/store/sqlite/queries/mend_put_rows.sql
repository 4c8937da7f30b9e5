-- Put the recount in the place of sums that were removed.
insert into {StoredTable}
select * from {CountedTable} t where {query mend_this_day}
