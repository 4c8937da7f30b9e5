-- Which visits has a visitor of a day, and what did each bring?
select id, client_id, place_id, origin_id from visit where id = :id
union all
select id, client_id, place_id, origin_id from visit where visitor_id = :id
