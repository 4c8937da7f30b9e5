-- Put what reached a new goal into the rollup of days, where all raw rows of the day are there.
insert into rollup_day
select * from temp.delta t where {query day_is_whole}
