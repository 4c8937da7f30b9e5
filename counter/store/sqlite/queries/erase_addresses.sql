-- Erase some of the addresses of visits up to an id.
update visit set address = null
where id in (select id from visit where id <= ? and address is not null limit ?)
