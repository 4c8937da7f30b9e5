-- What do the hosts add up to? A visit and a visitor count with the first matching event that is on a page of the host;
-- of a group with min(id), `day` is that of the same row.
insert into temp.answer
select * from temp.value_sum
union all
select host_id, 0, count(*), sum(time = 1), 0, 0, 0, 0, 0
from (
  select host_id, day, row_number() over (partition by host_id, visitor order by id) as time
  from (
    select host_id, visit_id, visitor, day, min(id) as id
    from temp.matching_event
    where kind <> {Kind.ENGAGED} and not carrier
    group by host_id, visit_id
  )
)
where day >= :start and day < :end
group by host_id
