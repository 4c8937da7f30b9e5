-- Schema 6: what a site leaves out, how far back a server may date a hit, and when a fetched image counts again.

alter table site add column excluded_pages     text    not null default '[]';  -- array of patterns of paths
alter table site add column excluded_referrers text    not null default '[]';  -- array of host names
alter table site add column backdate_days      integer not null default 1 check (backdate_days >= 0);
alter table site add column image_gap_seconds  integer not null default 0 check (image_gap_seconds >= 0);
