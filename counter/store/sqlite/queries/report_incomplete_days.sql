-- Of which days of a period are raw rows gone?
select day from closed_day where site_key = :site and day >= :start and day < :end order by day
