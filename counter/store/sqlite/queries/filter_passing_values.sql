-- Which values pass? All that are not named, for a negative filter.
{query filter_values} and (id in (select id from temp.named_id)) <> :negative
