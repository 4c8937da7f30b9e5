-- What do the matching visits that lie within one day add up to, by a value they brought? Each counts as a
-- visitor here.
insert into temp.value_sum
select {VisitValue}, v.pageviews, not v.carrier, not v.carrier, v.bounces, v.seconds, v.events, v.engaged,
       v.pageviews * v.carrier
from temp.matching_visit v {DictionaryJoin}
where v.day >= :start and v.day < :end and not v.split and {VisitValue} is not null
{add_up}
