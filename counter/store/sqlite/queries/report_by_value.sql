-- What do the events that have a value add up to? A visit and a visitor count with the first of them.
insert into temp.answer
select value, sum(kind = {Kind.PAGEVIEW}), sum(of_visit = 1), sum(of_visitor = 1), 0, 0, sum(kind = {Kind.CUSTOM}), 0,
       0
from (
  select value, kind, day, row_number() over (partition by value, visit_id order by id) as of_visit,
         row_number() over (partition by value, visitor order by id) as of_visitor
  from temp.value_event
)
where day >= :start and day < :end
group by value
