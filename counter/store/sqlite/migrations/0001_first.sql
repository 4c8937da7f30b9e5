-- Schema 1. Times are UTC seconds; a day counts from 1970-01-01 in the site's own calendar; an hour is the UTC
-- second at which the local wall hour began; a month is 12 * year + month - 1. Value id 0 is "Unknown".

-- The catalog ------------------------------------------------------------------------------------------------

create table site (
  key           integer primary key autoincrement,      -- never reused
  id            text    not null unique check (length(id) between 1 and 64),
  name          text    not null,
  hosts         text    not null,                       -- array of host names
  timezone      text    not null,
  first_weekday text    not null,
  start_count   integer not null check (start_count >= 0),
  public        integer not null check (public in (0, 1)),
  query_keys    text    not null,                       -- array of query parameters kept in paths
  removed_at    integer                                            -- UTC seconds
) strict;

create table token (
  digest   blob    primary key,                         -- BLAKE2b of the token; the token itself is shown once
  site_key integer not null references site,
  made_at  integer not null                             -- UTC seconds
) strict, without rowid;

create table audit (
  id       integer primary key,
  at       integer not null,                            -- UTC seconds
  site_key integer,
  action   text    not null,
  detail   text    not null
) strict;

create table history (                                  -- days of a former counter; shown = history + counted
  site_key  integer not null references site,
  day       integer not null,
  visits    integer not null check (visits >= 0),
  visitors  integer check (visitors >= 0),
  pageviews integer check (pageviews >= 0),
  primary key (site_key, day)
) strict, without rowid;

-- Dictionaries -----------------------------------------------------------------------------------------------

create table value (
  id        integer primary key,
  site_key  integer not null,
  dimension integer not null,
  text      text    not null,
  unique (site_key, dimension, text)
) strict;
insert into value values (0, 0, 0, 'Unknown');

create table value_count (                              -- new values per day, for the cap that makes "(other)"
  site_key integer not null, day integer not null, dimension integer not null,
  count    integer not null,
  primary key (site_key, day, dimension)
) strict, without rowid;

create table client (
  id integer primary key,
  browser integer not null, browser_version integer not null, system integer not null,
  device  integer not null, language integer not null, screen integer not null,
  unique (browser, browser_version, system, device, language, screen)
) strict;
insert into client values (0, 0, 0, 0, 0, 0, 0);

create table place (
  id integer primary key,
  country integer not null, region integer not null, city integer not null,
  unique (country, region, city)
) strict;
insert into place values (0, 0, 0, 0);

create table origin (
  id integer primary key,
  referrer integer not null, referrer_host integer not null, source integer not null, channel integer not null,
  utm_source integer not null, utm_medium integer not null, utm_campaign integer not null,
  utm_term integer not null, utm_content integer not null,
  unique (referrer, referrer_host, source, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content)
) strict;
insert into origin values (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

-- Raw rows, written once ------------------------------------------------------------------------------------
-- A visit has the id of its first event, a visitor (of one day) that of the first visit. Events have no checks:
-- one writer makes them, and two checks cost 1 us a row.

create table visit (
  id         integer primary key,                       -- = event.id of the event that arrived first
  site_key   integer not null,
  visitor_id integer,                                   -- the visitor's first visit of the day; null: this one
  address    text,                                      -- as privacy allows; null: not kept, or erased
  client_id  integer not null,
  place_id   integer not null,
  origin_id  integer not null,
  repeats    integer not null                           -- bits: values this visitor already brought today
) strict;
create index visit_again on visit (visitor_id) where visitor_id is not null;

create table event (
  id        integer primary key,
  visit_id  integer not null,
  at        integer not null,                           -- UTC seconds
  hour      integer not null,
  day       integer not null,
  kind      integer not null,                           -- 1 pageview, 2 custom event, 3 engaged time
  adds      integer not null,                           -- bits, named by the columns below
  seconds   integer not null,                           -- what it adds to the duration of its visit
  path_id   integer not null,
  title_id  integer not null,
  via       integer not null,                           -- 1 snippet, 2 pixel, 3 api, 4 log
  name_id   integer,                                    -- of a custom event
  exit_was  integer,                                    -- the page that stops being the visit's exit page
  view_id   integer,                                    -- kind 3: the page view it belongs to
  engaged   integer,                                    -- kind 3: seconds it adds to that page view
  props     text,                                        -- JSON object of text to text
  starts_visit    integer generated always as (adds      & 1) virtual,
  starts_visitor  integer generated always as (adds >> 1 & 1) virtual,
  bounce          integer generated always as ((adds >> 2 & 1) - (adds >> 3 & 1)) virtual,
  becomes_exit    integer generated always as (adds >> 4 & 1) virtual,
  first_in_visit  integer generated always as (adds >> 5 & 1) virtual, -- of this path, or event name
  first_in_day    integer generated always as (adds >> 6 & 1) virtual  -- the same, for the visitor's whole day
) strict;
create index event_later on event (visit_id) where visit_id <> id;

-- What only serves the last 48 hours -------------------------------------------------------------------------

create table visitor (                                  -- who has been seen today
  site_key integer not null, day integer not null, hash integer not null,
  visitor_id integer not null,
  primary key (site_key, day, hash)
) strict, without rowid;

create table visitor_tail (                             -- the same, not yet sorted in: appending is cheap
  visitor_id integer primary key,
  site_key integer not null, day integer not null, hash integer not null
) strict;

create table hit_id (                                   -- ids made by clients, so that a retry counts once
  event_id integer primary key,
  site_key integer not null,
  id       text    not null,
  unique (site_key, id)
) strict;

create table batch (id text primary key, at integer not null) strict, without rowid;

-- Log lines, known for ever ----------------------------------------------------------------------------------

create table log_line (
  site_key integer not null, hash integer not null,
  counted  integer not null check (counted in (0, 1)),
  primary key (site_key, hash)
) strict, without rowid;

-- Totals: in the same transaction as the events --------------------------------------------------------------

create table total_hour (
  site_key integer not null, day integer not null, hour integer not null,
  pageviews integer not null, visits integer not null, visitors integer not null, bounces integer not null,
  seconds integer not null, events integer not null, engaged integer not null,
  primary key (site_key, day, hour)
) strict, without rowid;

create table total_day (
  site_key integer not null, day integer not null,
  pageviews integer not null, visits integer not null, visitors integer not null, bounces integer not null,
  seconds integer not null, events integer not null, engaged integer not null,
  logged   integer not null,                            -- of pageviews and events: how many came from access logs
  primary key (site_key, day)
) strict, without rowid;

-- Breakdowns: folded behind the watermark --------------------------------------------------------------------

create table rollup_day (
  site_key integer not null, dimension integer not null, day integer not null, value_id integer not null,
  pageviews integer not null, visits integer not null, visitors integer not null, bounces integer not null,
  seconds integer not null, events integer not null, engaged integer not null,
  primary key (site_key, dimension, day, value_id)
) strict, without rowid;

create table rollup_month (
  site_key integer not null, dimension integer not null, month integer not null, value_id integer not null,
  pageviews integer not null, visits integer not null, visitors integer not null, bounces integer not null,
  seconds integer not null, events integer not null, engaged integer not null,
  primary key (site_key, dimension, month, value_id)
) strict, without rowid;

create table watermark (                                -- one row: the last event in the breakdowns
  only_row  integer primary key check (only_row = 1),
  event_id  integer not null
) strict;
insert into watermark values (1, 0);

create table written (                                  -- the last event written on a UTC day: what retention counts from
  utc_day integer primary key,
  event_id integer not null
) strict;

create table closed_day (                               -- raw rows are no longer complete: can't be recounted
  site_key integer not null, day integer not null,
  reason   text not null,
  primary key (site_key, day)
) strict, without rowid;

-- What was not counted ---------------------------------------------------------------------------------------

create table drop_count (
  site_key integer not null, day integer not null, reason text not null, count integer not null,
  primary key (site_key, day, reason)
) strict, without rowid;

create table bot_count (
  site_key integer not null, day integer not null, name text not null, category text not null,
  count integer not null,
  primary key (site_key, day, name)
) strict, without rowid;

create table drop_log (                                 -- the last 1,000 a site, as privacy allows
  id integer primary key,
  site_key integer not null, at integer not null, reason text not null,
  path text not null, address text, user_agent text not null, bot text not null,
  written_at integer not null                           -- what retention counts from
) strict;
create index drop_log_site on drop_log (site_key, id);

create table quarantine (                               -- events the store refused; nothing is lost
  id integer primary key, at integer not null, error text not null, event text not null
) strict;

-- For people -------------------------------------------------------------------------------------------------

create view hit_log as
select e.id                                          as hit,
       h.id                                          as hit_id,
       s.id                                          as site,
       e.at                                          as at,
       datetime(e.at, 'unixepoch')                   as time_utc,
       date(e.day * 86400, 'unixepoch')              as day,
       e.day                                         as day_number,
       e.hour                                        as hour,
       v.address                                     as ip,
       coalesce(v.visitor_id, v.id)                  as visitor,
       v.id                                          as visit,
       case e.kind when 1 then 'pageview' else (select text from value where id = e.name_id) end as name,
       (select text from value where id = e.path_id) as path,
       (select text from value where id = nullif(e.title_id, 0)) as title,
       e.props                                       as props,
       case e.via when 1 then 'snippet' when 2 then 'pixel' when 3 then 'api' else 'log' end as via,
       (select text from value where id = c.browser)          as browser,
       (select text from value where id = c.browser_version)  as browser_version,
       (select text from value where id = c.system)           as system,
       (select text from value where id = c.device)           as device,
       (select text from value where id = c.language)         as language,
       (select text from value where id = c.screen)           as screen,
       (select text from value where id = p.country)          as country,
       (select text from value where id = p.region)           as region,
       (select text from value where id = p.city)             as city,
       (select text from value where id = o.referrer)         as referrer,
       (select text from value where id = o.referrer_host)    as referrer_host,
       (select text from value where id = o.source)           as source,
       (select text from value where id = o.channel)          as channel,
       (select text from value where id = o.utm_source)       as utm_source,
       (select text from value where id = o.utm_medium)       as utm_medium,
       (select text from value where id = o.utm_campaign)     as utm_campaign,
       (select text from value where id = o.utm_term)         as utm_term,
       (select text from value where id = o.utm_content)      as utm_content
from event e
join visit v on v.id = e.visit_id
join site s on s.key = v.site_key
join client c on c.id = v.client_id
join place p on p.id = v.place_id
join origin o on o.id = v.origin_id
left join hit_id h on h.event_id = e.id
where e.kind in (1, 2);
