-- Does event e of visit v match? The part that the queries which find events share. A switch is 1 without its filter.
-- Of clients there are the most, so they are looked up last.
({any_place} or v.place_id in (select id from temp.wanted where slot = 'place'))
and ({any_origin} or v.origin_id in (select id from temp.wanted where slot = 'origin'))
and ({any_client} or v.client_id in (select id from temp.wanted where slot = 'client'))
and ({any_path} or e.path_id in (select id from temp.wanted where slot = 'path'))
and ({any_name} or case e.kind when 2 then e.name_id else -1 end in (select id from temp.wanted where slot = 'name'))
and ({any_reach} or case e.kind when 2 then e.name_id * 2 + 1 else e.path_id * 2 end in (
  select id from temp.wanted where slot = 'reach'))
and ({any_entry} or (select f.path_id from event f where f.id = v.id) in (
  select id from temp.wanted where slot = 'entry'))
and ({any_exit} or (
  select x.path_id from event x
  where x.id = coalesce(
    (select max(y.id) from event y where y.visit_id = v.id and y.visit_id <> y.id and y.adds & 16), v.id)
) in (select id from temp.wanted where slot = 'exit'))
and ({any_props} or case e.kind when 3 then (select w.props from event w where w.id = e.view_id) else e.props end
  is not null)
and ({any_property} or not exists (
  select 1 from temp.wanted_property p
  where p.negative = exists (
    select 1
    from json_each(case e.kind when 3 then (select w.props from event w where w.id = e.view_id) else e.props end) j
    join temp.wanted_text t on t.number = p.number
    where (p.key is null or j.key = p.key)
      and case p.contains
          when 1 then instr(lower(case when p.key is null then j.key else j.value end), lower(t.text)) > 0
          else case when p.key is null then j.key else j.value end = t.text end
  )
))
