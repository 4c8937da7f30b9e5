-- Which rows of a breakdown come first, and how many are there? A value that reads Unknown is the unknown one. Texts
-- are looked up for the rows that can be shown, and for all of them only to search: `least` is the last row that is
-- shown, whatever the texts of those beside it.
with row as (
  select case value when :unknown then 0 else value end as value, sum(pageviews) as pageviews, sum(visits) as visits,
         sum(visitors) as visitors, sum(bounces) as bounces, sum(seconds) as seconds, sum(events) as events,
         sum(engaged) as engaged
  from temp.answer
  group by 1
  having sum(pageviews) or sum(visits) or sum(visitors) or sum(bounces) or sum(seconds) or sum(events) or sum(engaged)
),
sought as materialized (
  select * from row where :search = '' or instr(lower({text}), lower(:search)) > 0
),
least as materialized (
  select {order} as first, visitors as second, visits as third, pageviews as fourth
  from sought
  order by 1 desc, 2 desc, 3 desc, 4 desc
  limit 1 offset :offset + :limit - 1
)
select {text}, pageviews, visits, visitors, bounces, seconds, events, engaged, (select count(*) from sought)
from sought as row
left join least
where first is null or ({order}, visitors, visits, pageviews) >= (first, second, third, fourth)
order by {order} desc, visitors desc, visits desc, pageviews desc, 1
limit :limit offset :offset
