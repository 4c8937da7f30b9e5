-- Schema 6: what a site leaves out, how far back a server may date a hit, when a fetched image counts again, and what
-- the pages of a site had counted before.

alter table site add column excluded_pages     text    not null default '[]';  -- array of patterns of paths
alter table site add column excluded_referrers text    not null default '[]';  -- array of host names
alter table site add column backdate_days      integer not null default 1 check (backdate_days >= 0);
alter table site add column image_gap_seconds  integer not null default 0 check (image_gap_seconds >= 0);

create table page_start (                               -- what a page had counted before; part of its own `all`
  site_key integer not null references site,
  path     text    not null,                            -- as normalised
  count    integer not null check (count >= 0),
  primary key (site_key, path)
) strict, without rowid;
