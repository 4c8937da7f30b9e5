-- Schema 6: what a site leaves out, how far back a server may date a hit, when a fetched image counts again, what pages
-- had counted before, the host of a page, and one value for what is one.
-- Views through image proxies (event.via 5, of READMEs and mails) belong to carriers: rows of `visit` that are no visits,
-- one for each site, day, page and proxy. Their events add page views alone: their `adds` and `seconds` are 0.

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

-- Of pageviews: how many came through image proxies.
alter table total_hour   add column proxied integer not null default 0;
alter table total_day    add column proxied integer not null default 0;
alter table rollup_day   add column proxied integer not null default 0;
alter table rollup_month add column proxied integer not null default 0;

-- The host of the page: a value of dimension 8; null in events of before, which have one that nobody knows. ------------
-- Its first event in a visit, and in the visitor's whole day, is marked as that of a path is.
alter table event add column host_id integer;
alter table event add column first_of_host integer
  generated always as (case when host_id is null then adds & 1 else adds >> 7 & 1 end) virtual;
alter table event add column first_of_host_in_day integer
  generated always as (case when host_id is null then adds >> 1 & 1 else adds >> 8 & 1 end) virtual;
insert into rollup_day (site_key, dimension, day, value_id, pageviews, visits, visitors, bounces, seconds, events,
                        engaged)
select site_key, 8, day, 0, sum(pageviews), sum(visits), sum(visitors), 0, 0, sum(events), sum(engaged)
from (
  select site_key, day, pageviews, visits, visitors, events, engaged from total_day
  union all                                             -- without what is not in the breakdowns yet
  select v.site_key, e.day, -(e.kind = 1), -e.starts_visit, -e.starts_visitor, -(e.kind = 2), -coalesce(e.engaged, 0)
  from event e join visit v on v.id = e.visit_id
  where e.id > (select event_id from watermark)
)
group by 1, 3
having sum(pageviews) or sum(visits) or sum(visitors) or sum(events) or sum(engaged);
insert into rollup_month (site_key, dimension, month, value_id, pageviews, visits, visitors, bounces, seconds, events,
                          engaged)
select site_key, 8, cast(strftime('%Y', day * 86400, 'unixepoch') as integer) * 12
         + cast(strftime('%m', day * 86400, 'unixepoch') as integer) - 1, 0,
       sum(pageviews), sum(visits), sum(visitors), 0, 0, sum(events), sum(engaged)
from rollup_day
where dimension = 8
group by 1, 3;

-- Editions of one browser and spellings of one language are one value. ---------------------------------------------------
-- What each of these values reads now, and which id keeps it: the one that reads so already, else the oldest. A
-- language that is none is Unknown (0).
create temp table merged_text (id integer primary key, site_key integer, dimension integer, was text, text text);
insert into merged_text
select id, site_key, dimension, text,
       case dimension when 14 then canonical_language(text) else browser_edition(text) end
from value
where dimension in (10, 11, 14) and text not in ('Unknown', '(other)');
create temp table merged_value (was integer primary key, id integer, site_key integer, dimension integer);
insert into merged_value
select id, case when text = '' then 0 else first_value(id) over (
  partition by site_key, dimension, text order by was <> text, id) end, site_key, dimension
from merged_text;
delete from merged_value where was = id;
delete from value where id in (select was from merged_value);
update value set text = (select text from merged_text m where m.id = value.id)
where id in (select id from merged_text where text not in (was, ''));

-- The same of clients. A former id leads to the one that has the same values now.
create temp table merged_client (
  was integer primary key, id integer, browser integer, browser_version integer, system integer, device integer,
  language integer, screen integer, changed integer
);
insert into merged_client
select c.id, null, coalesce(b.id, c.browser), coalesce(v.id, c.browser_version), c.system, c.device,
       coalesce(l.id, c.language), c.screen, coalesce(b.id, v.id, l.id) is not null
from client c
left join merged_value b on b.was = c.browser
left join merged_value v on v.was = c.browser_version
left join merged_value l on l.was = c.language;
create temp table first_client as
select browser, browser_version, system, device, language, screen, min(was) as id
from merged_client
group by 1, 2, 3, 4, 5, 6;
create index temp.first_client_values on first_client (browser, browser_version, system, device, language, screen);
update merged_client set id = (
  select f.id from first_client f
  where (f.browser, f.browser_version, f.system, f.device, f.language, f.screen)
      = (merged_client.browser, merged_client.browser_version, merged_client.system, merged_client.device,
         merged_client.language, merged_client.screen)
);
delete from client where id in (select was from merged_client where was <> id);
update client set (browser, browser_version, language) = (
  select m.browser, m.browser_version, m.language from merged_client m where m.was = client.id
)
where id in (select was from merged_client where was = id and changed);
update visit set client_id = (select m.id from merged_client m where m.was = visit.client_id)
where client_id in (select was from merged_client where was <> id);

-- What a visitor brought twice in a day under two names was brought again the second time: bits 0, 1, 4 of `repeats`.
create temp table brought_again (visit integer, dimension integer, bit integer, value_id integer);
insert into brought_again
select v.id, d.dimension, d.bit,
       case d.dimension when 10 then c.browser when 11 then c.browser_version else c.language end
from visit v
join client c on c.id = v.client_id
join (select 10 as dimension, 0 as bit union all select 11, 1 union all select 14, 4) d
where v.visitor_id is not null and not v.repeats >> d.bit & 1
  and exists (
    select 1
    from (
      select id, client_id from visit where id = v.visitor_id
      union all
      select id, client_id from visit where visitor_id = v.visitor_id
    ) w
    join client e on e.id = w.client_id
    where w.id < v.id and case d.dimension
      when 10 then c.browser = e.browser when 11 then c.browser_version = e.browser_version else c.language = e.language
    end
  );
update visit set repeats = repeats | (select sum(1 << bit) from brought_again a where a.visit = visit.id)
where id in (select visit from brought_again);

-- The breakdowns: sums of what was merged, without the visitors who were counted under two names on a day that raw rows
-- can prove. On other days, whose raw rows are gone, these are counted twice as before.
create temp table less_visitors as
select v.site_key, a.dimension, f.day, a.value_id, count(*) as visitors
from brought_again a
join visit v on v.id = a.visit
join event f on f.id = a.visit and f.starts_visit
where f.id <= (select event_id from watermark)
  and not exists (select 1 from closed_day c where c.site_key = v.site_key and c.day = f.day)
group by 1, 2, 3, 4;
insert into rollup_day (site_key, dimension, day, value_id, pageviews, visits, visitors, bounces, seconds, events,
                        engaged)
select r.site_key, r.dimension, r.day, m.id, sum(r.pageviews), sum(r.visits), sum(r.visitors), sum(r.bounces),
       sum(r.seconds), sum(r.events), sum(r.engaged)
from rollup_day r
join merged_value m on m.site_key = r.site_key and m.dimension = r.dimension and m.was = r.value_id
group by 1, 2, 3, 4
on conflict do update set
  pageviews = pageviews + excluded.pageviews,
  visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors,
  bounces = bounces + excluded.bounces,
  seconds = seconds + excluded.seconds,
  events = events + excluded.events,
  engaged = engaged + excluded.engaged;
delete from rollup_day where dimension in (10, 11, 14) and value_id in (select was from merged_value);
insert into rollup_month (site_key, dimension, month, value_id, pageviews, visits, visitors, bounces, seconds, events,
                          engaged)
select r.site_key, r.dimension, r.month, m.id, sum(r.pageviews), sum(r.visits), sum(r.visitors), sum(r.bounces),
       sum(r.seconds), sum(r.events), sum(r.engaged)
from rollup_month r
join merged_value m on m.site_key = r.site_key and m.dimension = r.dimension and m.was = r.value_id
group by 1, 2, 3, 4
on conflict do update set
  pageviews = pageviews + excluded.pageviews,
  visits = visits + excluded.visits,
  visitors = visitors + excluded.visitors,
  bounces = bounces + excluded.bounces,
  seconds = seconds + excluded.seconds,
  events = events + excluded.events,
  engaged = engaged + excluded.engaged;
delete from rollup_month where dimension in (10, 11, 14) and value_id in (select was from merged_value);
update rollup_day set visitors = rollup_day.visitors - l.visitors
from less_visitors l
where (rollup_day.site_key, rollup_day.dimension, rollup_day.day, rollup_day.value_id)
    = (l.site_key, l.dimension, l.day, l.value_id);
update rollup_month set visitors = rollup_month.visitors - l.visitors
from (
  select site_key, dimension, cast(strftime('%Y', day * 86400, 'unixepoch') as integer) * 12
           + cast(strftime('%m', day * 86400, 'unixepoch') as integer) - 1 as month, value_id, sum(visitors) as visitors
  from less_visitors
  group by 1, 2, 3, 4
) l
where (rollup_month.site_key, rollup_month.dimension, rollup_month.month, rollup_month.value_id)
    = (l.site_key, l.dimension, l.month, l.value_id);
drop table temp.merged_text;
drop table temp.merged_value;
drop table temp.merged_client;
drop table temp.first_client;
drop table temp.brought_again;
drop table temp.less_visitors;

drop view hit_log;
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
       (select text from value where id = coalesce(e.host_id, 0)) as host,
       (select text from value where id = nullif(e.title_id, 0)) as title,
       e.props                                       as props,
       case e.via when 1 then 'snippet' when 2 then 'pixel' when 3 then 'api' when 4 then 'log'
                  else 'proxy' end                            as via,
       (select coalesce(sum(g.engaged), 0) from event g
        where g.visit_id = e.visit_id and g.visit_id <> g.id and g.view_id = e.id) as engaged, -- seconds
       case when e.via <> 5 then
         (select t.text from event f join value t on t.id = f.path_id where f.id = v.id) end as entry_page,
       case when e.via <> 5 then (
         select t.text from event x join value t on t.id = x.path_id
         where x.id = (select max(last) from (
           select max(y.id) as last from event y where y.visit_id = v.id and y.visit_id <> y.id and y.adds >> 4 & 1
           union all select v.id))) end as exit_page,
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
