-- Where did the matching visits end?
insert into temp.answer
select exit_page, 0, count(*), 0, 0, 0, 0, 0, 0
from (
  select (
    select x.path_id from event x
    where x.id = coalesce(
      (select max(y.id) from event y where y.visit_id = v.id and y.visit_id <> y.id and y.becomes_exit), v.id)
  ) as exit_page
  from temp.matching_visit v
  where v.day >= :start and v.day < :end and not v.carrier
)
group by exit_page
