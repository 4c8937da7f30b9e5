-- Remove the sums of the months that are mended.
delete from rollup_month where (site_key, month) in (select * from temp.wrong_month)
