-- Add what `sum_up` made of the events of a portion to the recount of breakdowns.
insert into temp.recount_rollup
select * from temp.delta where true
{add_up}
