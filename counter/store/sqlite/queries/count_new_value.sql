-- Count a new value of a day; returns how many the day has had.
insert into value_count values (?, ?, ?, 1)
on conflict do update set count = count + 1
returning count
