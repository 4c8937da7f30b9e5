-- Where is added up what a report shows? Temporary tables of one connection, gone with its snapshot.
create temp table if not exists value_sum (      -- by values that have an id; an upsert takes half the time of grouping
  value integer primary key, pageviews integer, visits integer, visitors integer, bounces integer, seconds integer,
  events integer, engaged integer
);
create temp table if not exists week_hour (      -- place: 24 * weekday + wall hour
  place integer primary key, pageviews integer, visits integer, visitors integer, bounces integer, seconds integer,
  events integer, engaged integer
);
create temp table if not exists answer (value, pageviews, visits, visitors, bounces, seconds, events, engaged);
