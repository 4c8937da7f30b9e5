-- Which rows of a breakdown come first, and how many are there? A value that reads Unknown is the unknown one. Texts
-- are looked up for the rows that can be shown, and for all of them only to search.
with row as (
  select case value when :unknown then 0 else value end as value, sum(pageviews) as pageviews, sum(visits) as visits,
         sum(visitors) as visitors, sum(bounces) as bounces, sum(seconds) as seconds, sum(events) as events,
         sum(engaged) as engaged
  from temp.answer
  group by 1
  having sum(pageviews) or sum(visits) or sum(visitors) or sum(bounces) or sum(seconds) or sum(events) or sum(engaged)
),
ranked as (
  select *, rank() over (order by {order} desc, visitors desc, visits desc, pageviews desc) as place,
         count(*) over () as rows
  from row
  where :search = '' or instr(lower({text}), lower(:search)) > 0
)
select {text}, pageviews, visits, visitors, bounces, seconds, events, engaged, rows
from ranked as row
where place <= :offset + :limit
order by {order} desc, visitors desc, visits desc, pageviews desc, 1
limit :limit offset :offset
