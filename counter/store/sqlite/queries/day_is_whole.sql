-- Are the raw rows of the day of `t` all there, so that it can be recounted?
not exists (select 1 from closed_day c where c.site_key = t.site_key and c.day = t.day)
