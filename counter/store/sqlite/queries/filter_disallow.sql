-- Of what passes, take away what another filter of the slot does not let pass.
delete from temp.allowed_id
where slot = :slot and id not in ({query PassingIds})
