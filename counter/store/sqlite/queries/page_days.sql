-- How often was one page seen, on each day since :since, and over all months? Rollups and the unfolded tail.
with recursive
page as (
  select id from value where site_key = :site and dimension = {Dimension.PAGE} and text = :path
),
span as (
  select min(day) as first, max(day) as last from total_day where site_key = :site
),
days(day) as (
  select max(first, :since) from span
  union all
  select day + 1 from days, span where day < last
),
months(month) as (
  select {month first} from span
  union all
  select month + 1 from months, span
  where month < ({month last})
),
tail as (
  select e.day, sum(e.kind = {Kind.PAGEVIEW}) as pageviews,
         sum(e.first_in_visit * (e.kind = {Kind.PAGEVIEW})) as visits,
         sum(e.first_in_day * (e.kind = {Kind.PAGEVIEW})) as visitors
  from event e join visit v on v.id = e.visit_id
  where e.id > (select event_id from watermark) and v.site_key = :site and e.path_id = (select id from page)
  group by e.day
)
select day, sum(pageviews), sum(visits), sum(visitors)
from (
  select r.day, r.pageviews, r.visits, r.visitors
  from days cross join rollup_day r
    on r.site_key = :site and r.dimension = {Dimension.PAGE} and r.day = days.day
    and r.value_id = (select id from page)
  union all
  select day, pageviews, visits, visitors from tail where day >= :since
)
group by day
union all
select null, sum(pageviews), sum(visits), sum(visitors)
from (
  select r.pageviews, r.visits, r.visitors
  from months cross join rollup_month r
    on r.site_key = :site and r.dimension = {Dimension.PAGE} and r.month = months.month
    and r.value_id = (select id from page)
  union all
  select pageviews, visits, visitors from tail
)
