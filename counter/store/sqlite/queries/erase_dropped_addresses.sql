-- Erase the addresses of drops that were written before a moment.
update drop_log set address = null where written_at < ? and address is not null
