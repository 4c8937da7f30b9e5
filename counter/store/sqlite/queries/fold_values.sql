-- What do the parts add to the values of one dimension, of which :bit is the bit in `repeats`?
insert into temp.delta
select v.site_key, :dimension, v.day, {VisitValue}, sum(v.pageviews), sum(v.visits),
       sum(case when v.repeats >> :bit & 1 then 0 else v.visits end), sum(v.bounces), sum(v.seconds), sum(v.events),
       sum(v.engaged), sum(v.proxied)
from temp.part v {DictionaryJoin}
where {VisitValue} is not null
group by 1, 3, 4
