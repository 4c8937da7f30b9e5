-- Which values can a filter of one dimension let pass? Unknown, and those of the site.
select id from value where (id = 0 or (site_key = :site and dimension = :dimension))
