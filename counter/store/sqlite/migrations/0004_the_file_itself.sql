-- Schema 4: what the store knows of its own file, and of the clock by which it erases.

create table file_mark (                                -- one row
  one       integer primary key check (one = 1),
  opening   blob    not null,                           -- random, new at each start of a writer; the marker file has it, too
  probed_at integer not null                            -- UTC seconds: the last try whether hits can be stored again
) strict;
insert into file_mark values (1, x'', 0);

create table clock_mark (                               -- one row, or none before the first housekeeping
  one        integer primary key check (one = 1),
  trusted_at integer not null,                          -- UTC seconds: the last moment at which the clock was believed
  doubted_at integer                                    -- UTC seconds: the first look at a clock that is too far ahead
) strict;

-- Hosts in the form that browsers send, as far as the stored one tells it: hosts that IDNA 2003 made, or letters as typed.
update site set hosts = hosts_as_sent(hosts);
