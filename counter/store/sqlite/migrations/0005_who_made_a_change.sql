-- Schema 5: the audit log says who made a change.

alter table audit add column actor text not null default '';  -- a login, or what acts by itself; '' before schema 5
