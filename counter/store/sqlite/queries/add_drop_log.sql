-- Write drops down whole.
insert into drop_log (site_key, at, reason, path, address, user_agent, bot, written_at) values {rows}
