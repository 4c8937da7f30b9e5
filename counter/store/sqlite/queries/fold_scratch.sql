-- Where are breakdowns added up? Temporary tables of one connection, emptied by who uses them; see fold.py. A carrier
-- has no entry page: null there.
create temp table if not exists step (           -- one row an event
  site_key, day, client_id, place_id, origin_id, entry_page, repeats, path, kind, name, becomes_exit, first_in_visit,
  first_in_day, starts_visit, bounce, seconds, engaged, exit_was, event, visit, proxied, host, first_of_host,
  first_of_host_in_day
);
create temp table if not exists visit_day (      -- one row a visit and day
  site_key, day, client_id, place_id, origin_id, entry_page, repeats, pageviews, visits, bounces, seconds, events,
  engaged, proxied
);
create temp table if not exists part (           -- one row a client, place, origin or entry page; of these one is set
  site_key, day, client_id, place_id, origin_id, entry_page, repeats, pageviews, visits, bounces, seconds, events,
  engaged, proxied
);
create temp table if not exists page (
  site_key, day, page, pageviews, visits, visitors, events, engaged, exits, proxied
);
create temp table if not exists goal_event (     -- one row an event and goal that it reaches
  goal, event, visit, visitor, site_key, day
);
create temp table if not exists delta (          -- what the events add to the rollup of days, in its shape
  site_key, dimension, day, value_id, {sums}
);
