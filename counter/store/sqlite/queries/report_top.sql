-- Which rows of a breakdown come first, and how many are there? A value that reads Unknown is the unknown one. Texts
-- are looked up for the rows that can be shown, and for all of them only to search: `least` is the last row that is
-- shown, whatever the texts of those beside it.
with row as (
  select case value when :unknown then 0 else value end as value, {summed}
  from temp.answer
  group by 1
  having sum(pageviews) or sum(visits) or sum(visitors) or sum(bounces) or sum(seconds) or sum(events) or sum(engaged)
    or sum(proxied)
),
sought as materialized (
  select * from row where :search = '' or instr(lower({query report_text}), lower(:search)) > 0
),
least as materialized (
  select {SortColumn} as first, visitors as second, visits as third, pageviews as fourth
  from sought
  order by 1 desc, 2 desc, 3 desc, 4 desc
  limit 1 offset :offset + :limit - 1
)
select {query report_text}, {sums}, (select count(*) from sought)
from sought as row
left join least
where first is null or ({SortColumn}, visitors, visits, pageviews) >= (first, second, third, fourth)
order by {SortColumn} desc, visitors desc, visits desc, pageviews desc, 1
limit :limit offset :offset
