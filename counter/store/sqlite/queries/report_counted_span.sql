-- Which is the first and the last day of a period that has totals?
select min(day), max(day) from total_day where site_key = :site and day >= :start and day < :end
