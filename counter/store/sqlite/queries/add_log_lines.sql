-- Remember log lines: counted, or seen and not counted. Who was counted once stays so.
insert into log_line values {rows}
on conflict do update set counted = max(counted, excluded.counted)
