-- Where is a question about raw rows worked out? Temporary tables of one connection, gone with its snapshot.
drop view if exists temp.found;
drop view if exists temp.found_few;
drop table if exists temp.wanted;
drop table if exists temp.matched;
drop table if exists temp.wanted_property;
drop table if exists temp.wanted_text;
drop table if exists temp.found_event;
drop table if exists temp.found_id;
drop table if exists temp.found_visit;
drop table if exists temp.shared;
drop table if exists temp.touch;
drop table if exists temp.goal_reach;
drop table if exists temp.hour_sum;
create temp table wanted (                       -- ids that the filters let pass
  slot text, id integer, primary key (slot, id)
) without rowid;
create temp table matched (id integer primary key);
create temp table wanted_property (              -- filters on properties; key null: on the names of properties
  number integer primary key, key text, contains integer, negative integer
);
create temp table wanted_text (number integer, text text);
create temp table found_event (                  -- the matching events, and their engaged time (kind 3)
  visit_id integer, id integer, first integer,   -- first: of this page in its visit
  primary key (visit_id, id)
) without rowid;
create temp table found_id (                     -- their visits, with what matches of them
  id integer primary key, pageviews integer, events integer, engaged integer, first_day integer, last_day integer,
  first_hour integer, last_hour integer
);
create temp table found_visit (                  -- the visits that have a matching event
  id integer primary key, visitor integer, day integer, hour integer, client_id integer,
  place_id integer, origin_id integer, entry_page integer, bounces integer, seconds integer,
  pageviews integer, events integer, engaged integer, -- what matches
  split integer,                                 -- that lies in other days, too, after a change of time zone
  spread integer,                                -- that lies in other hours, too
  turn integer                                   -- of its visitor's found visits: 0 the only one, 1 the first, 2 later
);
create temp table shared (visitor integer primary key, first integer);
create temp table touch (                        -- what has a value: one row an event and value
  value, visit_id integer, visitor integer, id integer, kind integer, day integer
);
create temp table goal_reach (                   -- reach: 2 * path for a page view, 2 * name + 1 for a custom event
  reach integer, goal integer, primary key (reach, goal)
) without rowid;
create temp table hour_sum (                     -- what the found events add up to, in the shape of total_hour
  site_key integer, day integer, hour integer, pageviews integer, visits integer, visitors integer, bounces integer,
  seconds integer, events integer, engaged integer, primary key (site_key, day, hour)
) without rowid;
