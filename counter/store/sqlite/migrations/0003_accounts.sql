-- Schema 3: accounts, who may do what on which site, and what people note on a day.

create table user (
  key      integer primary key autoincrement,           -- never reused
  login    text    not null collate nocase unique check (length(login) between 1 and 64),
  owner    integer not null check (owner in (0, 1)),    -- 1: everything on every site
  password text    not null,                            -- argon2id; '' until its person chose one
  language text    not null,                            -- BCP 47; '' is what the browser asks for
  theme    text    not null check (theme in ('', 'light', 'dark')),
  made_at  integer not null                             -- UTC seconds
) strict;

create table access (                                   -- stays when the site is removed, and comes back with it
  user_key integer not null references user,
  site_key integer not null references site,
  role     text    not null check (role in ('admin', 'viewer')),
  primary key (user_key, site_key)
) strict, without rowid;

create table session (
  digest   blob    primary key,                         -- BLAKE2b of the cookie's 256 random bits
  user_key integer not null references user,
  made_at  integer not null,                            -- UTC seconds
  seen_at  integer not null,                            -- UTC seconds
  agent    text    not null
) strict, without rowid;

create table invitation (                               -- a one-time link to choose a password
  digest   blob    primary key,                         -- BLAKE2b of the link's 256 random bits
  user_key integer not null unique references user,     -- a new link replaces the one before
  until    integer not null                             -- UTC seconds
) strict, without rowid;

create table annotation (
  key      integer primary key autoincrement,           -- never reused
  site_key integer not null references site,
  day      integer not null,
  text     text    not null,
  login    text    not null                             -- of who wrote it, even when the account is gone
) strict;
create index annotation_day on annotation (site_key, day);

-- Engaged time of one page view, without reading its whole visit: a line of the hit log costs the same in any visit.
create index event_engaged on event (view_id) where view_id is not null;
