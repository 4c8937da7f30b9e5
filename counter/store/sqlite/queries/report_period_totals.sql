-- What do the days of a period add up to?
select {summed} from total_day where site_key = :site and day >= :start and day < :end
