-- Schema 2: goals, tokens for reading, how a bot was recognised, and where the events of a day lie.

alter table token add column may text not null default 'write' check (may in ('write', 'read'));

alter table bot_count add column reason text not null default 'list';

create table goal (                                     -- its name is a value of dimension 40
  value_id integer primary key references value,
  site_key integer not null references site,
  kind     integer not null check (kind in (1, 2)),     -- 1 a page, 2 an event, as event.kind
  pattern  text    not null,                            -- as for glob: * any text, ? any one character, [*] a star
  made_at  integer not null                             -- UTC seconds
) strict;
create index goal_site on goal (site_key);

create table day_span (                                 -- folded events of a day lie between these, and others too
  site_key    integer not null, day integer not null,
  first_event integer not null,
  last_event  integer not null,
  primary key (site_key, day)
) strict, without rowid;
insert into day_span
select v.site_key, e.day, min(e.visit_id), max(e.id)
from event e join visit v on v.id = e.visit_id
where e.id <= (select event_id from watermark)
group by 1, 2;

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
       (select text from value where id = nullif(e.title_id, 0)) as title,
       e.props                                       as props,
       case e.via when 1 then 'snippet' when 2 then 'pixel' when 3 then 'api' else 'log' end as via,
       (select coalesce(sum(g.engaged), 0) from event g
        where g.visit_id = e.visit_id and g.visit_id <> g.id and g.view_id = e.id) as engaged, -- seconds
       (select t.text from event f join value t on t.id = f.path_id where f.id = v.id) as entry_page,
       (select t.text from event x join value t on t.id = x.path_id
        where x.id = (select max(last) from (
          select max(y.id) as last from event y where y.visit_id = v.id and y.visit_id <> y.id and y.adds >> 4 & 1
          union all select v.id))) as exit_page,
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
