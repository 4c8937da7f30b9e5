-- Add to the totals of hours.
insert into total_hour values {rows}
{add_up}
