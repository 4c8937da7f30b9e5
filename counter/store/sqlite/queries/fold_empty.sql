-- Empty the temporary tables, but for temp.part and temp.goal_event, which are emptied before each use.
delete from temp.delta;
delete from temp.step;
delete from temp.visit_day;
delete from temp.page;
