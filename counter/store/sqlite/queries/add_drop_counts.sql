-- Count drops by day and reason.
insert into drop_count values {rows}
on conflict do update set count = count + excluded.count
