-- Where is added up what a report shows? Temporary tables of one connection, gone with its snapshot.
create temp table if not exists value_sum (      -- by values that have an id; an upsert takes half the time of grouping
  value integer primary key, {columns}
);
create temp table if not exists week_hour (      -- place: 24 * weekday + wall hour
  place integer primary key, {columns}
);
create temp table if not exists answer (value, {sums});
