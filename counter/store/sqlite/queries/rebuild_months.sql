-- Fill the rollup of months, which was emptied, from that of days.
insert into rollup_month
{query months_of_days}
