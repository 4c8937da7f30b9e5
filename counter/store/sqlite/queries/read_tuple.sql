-- Of which values is a tuple made?
select {TupleColumns} from {TupleTable} where id = ?
