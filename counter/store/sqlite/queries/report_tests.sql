-- Does event e of visit v match? What the queries that look for events share.
-- A page view has the name -1 (PAGEVIEW_ID), and what a carrier has of goals, entry and exit pages is -2 (NOTHING_ID).
-- Of clients there are the most, so they are looked up last.
({no FilterSlot.PLACE} or v.place_id in (select id from temp.allowed_id where slot = 'place'))
and ({no FilterSlot.ORIGIN} or v.origin_id in (select id from temp.allowed_id where slot = 'origin'))
and ({no FilterSlot.CLIENT} or v.client_id in (select id from temp.allowed_id where slot = 'client'))
and ({no FilterSlot.PATH} or e.path_id in (select id from temp.allowed_id where slot = 'path'))
and ({no FilterSlot.HOST} or coalesce(e.host_id, 0) in (select id from temp.allowed_id where slot = 'host'))
and ({no FilterSlot.NAME} or case e.kind when {Kind.CUSTOM} then e.name_id else -1 end in (
  select id from temp.allowed_id where slot = 'name'))
and ({no FilterSlot.REACH} or case
    when e.via = {Via.PROXY} then -2 when e.kind = {Kind.CUSTOM} then e.name_id * 2 + 1 else e.path_id * 2
  end in (
  select id from temp.allowed_id where slot = 'reach'))
and ({no FilterSlot.ENTRY} or (
  select case f.via when {Via.PROXY} then -2 else f.path_id end from event f where f.id = v.id) in (
  select id from temp.allowed_id where slot = 'entry'))
and ({no FilterSlot.EXIT} or (
  select case x.via when {Via.PROXY} then -2 else x.path_id end from event x
  where x.id = coalesce(
    (select max(y.id) from event y where y.visit_id = v.id and y.visit_id <> y.id and y.becomes_exit), v.id)
) in (select id from temp.allowed_id where slot = 'exit'))
and ({no FilterSlot.PROPS} or case e.kind
  when {Kind.ENGAGED} then (select w.props from event w where w.id = e.view_id) else e.props
end is not null)
and ({no FilterSlot.PROPERTY} or not exists (
  select 1 from temp.property_filter p
  where p.negative = exists (
    select 1
    from json_each(case e.kind
      when {Kind.ENGAGED} then (select w.props from event w where w.id = e.view_id) else e.props
    end) j
    join temp.property_text t on t.number = p.number
    where (p.key is null or j.key = p.key)
      and case p.contains
          when 1 then instr(lower(case when p.key is null then j.key else j.value end), lower(t.text)) > 0
          else case when p.key is null then j.key else j.value end = t.text end
  )
))
