-- What do the matching visits that lie within one day add up to, by a value they brought? Each counts as a
-- visitor here.
insert into temp.value_sum
select {VisitValue}, v.pageviews, 1, 1, v.bounces, v.seconds, v.events, v.engaged
from temp.matching_visit v {DictionaryJoin}
where v.day >= :start and v.day < :end and not v.split
{add_up}
