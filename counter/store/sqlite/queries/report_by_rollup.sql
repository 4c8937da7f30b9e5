-- What does a period add up to, by the values of one dimension? Whole months, the days at the edges, and the tail.
insert into temp.answer
select value_id, sum(pageviews), sum(visits), sum(visitors), sum(bounces), sum(seconds), sum(events), sum(engaged)
from (
  select value_id, pageviews, visits, visitors, bounces, seconds, events, engaged
  from rollup_month
  where site_key = :site and dimension = :dimension and month >= :first_month and month < :last_month
  union all
  select value_id, pageviews, visits, visitors, bounces, seconds, events, engaged
  from rollup_day
  where site_key = :site and dimension = :dimension and day >= :start and day < :first_edge
  union all
  select value_id, pageviews, visits, visitors, bounces, seconds, events, engaged
  from rollup_day
  where site_key = :site and dimension = :dimension and day >= :last_edge and day < :end
  union all
  select value_id, pageviews, visits, visitors, bounces, seconds, events, engaged
  from temp.delta
  where site_key = :site and dimension = :dimension and day >= :start and day < :end
)
group by value_id
