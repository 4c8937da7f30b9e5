-- What do the hours, or days, of a period add up to? Grouped: where a site has moved to another zone, one hour can have
-- rows in two days.
select {PointColumn}, {summed}
from {PointTable}
where site_key = :site and day >= :start and day < :end
group by 1
