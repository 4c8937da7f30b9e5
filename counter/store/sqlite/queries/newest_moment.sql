-- Which is the newest moment that the server's clock has written down? 0 for none.
select max(coalesce((select max(utc_day) * 86400 from written), 0),
           coalesce((select at from event order by id desc limit 1), 0),
           coalesce((select max(at) from audit), 0))
