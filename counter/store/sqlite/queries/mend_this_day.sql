-- Is the day of `t` to be mended? One whose raw rows are gone stays as it is.
(t.site_key, t.day) in (select site_key, day from temp.wrong_day) and {query day_is_whole}
