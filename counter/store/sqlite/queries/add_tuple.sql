-- Give a tuple of values an id.
insert into {TupleTable} ({TupleColumns}) values {rows}
