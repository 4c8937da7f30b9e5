-- Add what the events add to the rollup of days.
insert into rollup_day
select * from temp.delta where true
{add_up}
