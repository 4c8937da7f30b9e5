-- Which days and months are to be mended? Temporary tables of places.
drop table if exists temp.wrong_day;
drop table if exists temp.wrong_month;
create temp table wrong_day (site_key, day, primary key (site_key, day)) without rowid;
create temp table wrong_month (site_key, month, primary key (site_key, month)) without rowid;
