-- What is added to goals? A visit and a visitor count with the first event that reaches it.
insert into temp.delta
select site_key, {Dimension.GOAL}, day, goal, 0, sum(of_visit = 1), sum(of_visitor = 1), 0, 0, count(*), 0, 0
from (
  select site_key, goal, day, event, row_number() over (partition by goal, visit order by event) as of_visit,
         row_number() over (partition by goal, visitor order by event) as of_visitor
  from temp.goal_event
)
where event > :after
group by 1, 3, 4
