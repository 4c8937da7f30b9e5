-- Put the sums of their days in the place of months that were removed.
insert into rollup_month
{query mend_counted_months}
