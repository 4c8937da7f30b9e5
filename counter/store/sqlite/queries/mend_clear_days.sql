-- Remove the sums of the days that are mended.
delete from {StoredTable} as t where {query mend_this_day}
