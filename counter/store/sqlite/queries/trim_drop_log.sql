-- Keep the last :kept drops of each site.
delete from drop_log
where id in (
  select id
  from (select id, row_number() over (partition by site_key order by id desc) as place from drop_log)
  where place > :kept
)
