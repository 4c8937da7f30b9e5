-- Which rows of a breakdown come first, and how many are there? A value that reads Unknown is the unknown one.
with row as (
  select case value when :unknown then 0 else value end as value, sum(pageviews) as pageviews, sum(visits) as visits,
         sum(visitors) as visitors, sum(bounces) as bounces, sum(seconds) as seconds, sum(events) as events,
         sum(engaged) as engaged
  from temp.answer
  group by 1
  having sum(pageviews) or sum(visits) or sum(visitors) or sum(bounces) or sum(seconds) or sum(events) or sum(engaged)
),
named as (
  select case typeof(value) when 'integer' then (select v.text from value v where v.id = row.value) else value end
           as text, *
  from row
)
select text, pageviews, visits, visitors, bounces, seconds, events, engaged, count(*) over () as rows
from named
where :search = '' or instr(lower(text), lower(:search)) > 0
order by {order} desc, visitors desc, visits desc, pageviews desc, text
limit :limit offset :offset
