-- Where is a question about raw rows worked out? Temporary tables of one connection, gone with its snapshot.
drop view if exists temp.matching_event;
drop view if exists temp.matching_event_by_visit;
drop table if exists temp.allowed_id;
drop table if exists temp.named_id;
drop table if exists temp.property_filter;
drop table if exists temp.property_text;
drop table if exists temp.listed_event;
drop table if exists temp.listed_visit;
drop table if exists temp.matching_visit;
drop table if exists temp.returning_visitor;
drop table if exists temp.value_event;
drop table if exists temp.goal_reach;
drop table if exists temp.hour_sum;
create temp table allowed_id (                   -- ids that the filters let pass
  slot text, id integer, primary key (slot, id)
) without rowid;
create temp table named_id (                     -- ids whose text one filter names
  id integer primary key
);
create temp table property_filter (              -- filters on properties; key null: on the names of properties
  number integer primary key, key text, contains integer, negative integer
);
create temp table property_text (number integer, text text);
create temp table listed_event (                 -- matching events that are written down, with engaged time
  visit_id integer, id integer, first integer,   -- first: of this page in its visit
  primary key (visit_id, id)
) without rowid;
create temp table listed_visit (                 -- visits that have a matching event, with what matches of them
  id integer primary key, pageviews integer, events integer, engaged integer, first_day integer, last_day integer,
  first_hour integer, last_hour integer
);
create temp table matching_visit (               -- the same as a whole, however they were found
  id integer primary key, visitor integer, day integer, hour integer, client_id integer,
  place_id integer, origin_id integer, entry_page integer, -- null of a carrier: it has none
  bounces integer, seconds integer,
  pageviews integer, events integer, engaged integer, -- what matches
  split integer,                                 -- that lies in other days, too, after a change of time zone
  spread integer,                                -- that lies in other hours, too
  turn integer,                                  -- of its visitor's: 0 the only one, 1 the first, 2 a later one
  carrier integer                                -- counts page views alone: no visit; its turn is 2
);
create temp table returning_visitor (            -- who has several of the matching visits, and which is the first
  visitor integer primary key, first integer
);
create temp table value_event (                  -- what has a value: one row an event and value
  value, visit_id integer, visitor integer, id integer, kind integer, day integer
);
create temp table goal_reach (                   -- reach: 2 * path for a page view, 2 * name + 1 for a custom event
  reach integer, goal integer, primary key (reach, goal)
) without rowid;
create temp table hour_sum (                     -- what the matching events add up to, in the shape of total_hour
  site_key integer, day integer, hour integer, {columns}, primary key (site_key, day, hour)
) without rowid;
