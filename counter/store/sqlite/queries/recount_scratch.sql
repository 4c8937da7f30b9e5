-- Where is everything counted again? Temporary tables in the shapes of the stored ones.
drop table if exists temp.recount_hour;
drop table if exists temp.recount_rollup;
drop table if exists temp.recount_day;
create temp table recount_hour (
  site_key, day, hour, {sums}, primary key (site_key, day, hour)
) without rowid;
create temp table recount_rollup (
  site_key, dimension, day, value_id, {sums}, primary key (site_key, dimension, day, value_id)
) without rowid;
create temp table recount_day (site_key, day, {sums});
