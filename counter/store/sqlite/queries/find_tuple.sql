-- Which id has a tuple of values?
select id from {TupleTable} where ({TupleColumns}) = {rows}
