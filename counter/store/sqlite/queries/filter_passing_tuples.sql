-- Which clients, places or origins pass?
select d.id from {TupleTable} d where ({VisitValue} in (select id from temp.named_id)) <> :negative
