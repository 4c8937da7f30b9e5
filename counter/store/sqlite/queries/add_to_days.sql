-- Add to the totals of days, with how many of their events came from logs.
insert into total_day (site_key, day, {sums}, logged) values {rows}
{add_up}, logged = logged + excluded.logged
