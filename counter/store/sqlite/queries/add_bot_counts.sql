-- Count bots by day and name.
insert into bot_count (site_key, day, name, category, reason, count) values {rows}
on conflict do update set count = count + excluded.count
