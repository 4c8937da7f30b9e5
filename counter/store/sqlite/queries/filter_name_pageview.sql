-- Does it name page views? They have no name in the dictionary.
insert into temp.named_id
select :id from (select :pageview as text) t where {FilterTest}
