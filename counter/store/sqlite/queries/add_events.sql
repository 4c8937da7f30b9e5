-- Write events. The bits of `adds` are named by the columns that SQLite makes of them.
insert into event (id, visit_id, at, hour, day, kind, adds, seconds, path_id, title_id, via, name_id, exit_was, view_id,
                   engaged, props, host_id)
values {rows}
