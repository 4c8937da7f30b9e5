-- Which pages and events reach a goal that the filter names?
insert or ignore into temp.named_id
select r.reach from temp.goal_reach r join value t on t.id = r.goal where {FilterTest}
