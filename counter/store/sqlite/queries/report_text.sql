-- What does the value of `row` read? One that has an id, in the dictionary; one of a property is the text itself.
case typeof(value) when 'integer' then (select v.text from value v where v.id = row.value) else value end
