-- What do whole months add up to, by the values of one dimension?
insert into temp.value_sum
select value_id, {sums}
from rollup_month
where site_key = :site and dimension = :dimension and month >= :first and month < :last
{add_up}
