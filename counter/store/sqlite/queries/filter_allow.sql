-- Let pass what the first filter of a slot lets pass.
insert or ignore into temp.allowed_id
select :slot, id from ({query PassingIds})
