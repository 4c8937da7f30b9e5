-- What do the hours add up to, by weekday and wall hour? The weekday is that of the local day, the wall hour the one
-- that began at `hour` by the zone's clock, which :clock spells out: [since, until, shift, later], where `later` is the
-- shift of an hour that the clock is changed in. Of two that fit, an hour of this day that begins on the full hour.
with clock as materialized (
  select value ->> 0 as since, value ->> 1 as until, value ->> 2 as shift, value ->> 3 as later from json_each(:clock)
)
insert into temp.week_hour
select (t.day + 3) % 7 * 24 + (t.hour + case
         when c.shift = c.later or ((t.hour + c.shift) % 3600 = 0 and (t.hour + c.shift) / 86400 = t.day) then c.shift
         when (t.hour + c.later) % 3600 = 0 and (t.hour + c.later) / 86400 = t.day then c.later
         else c.shift
       end) % 86400 / 3600,
       {sums t}
from clock c
cross join {HourTable} t
where t.site_key = :site and t.day >= max(:start, c.since / 86400 - 2) and t.day < min(:end, c.until / 86400 + 3)
  and t.hour >= c.since and t.hour < c.until
{add_up}
