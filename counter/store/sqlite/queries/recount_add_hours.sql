-- Add the events of a portion to the recount of hours.
insert into temp.recount_hour
select * from ({query recount_hours}) where true
{add_up}
