-- What is known of one hit?
select hit, at, visit, visitor, coalesce(name, ''), coalesce(path, ''), ip, coalesce(title, ''), props,
       coalesce(referrer, ''), coalesce(source, ''), coalesce(channel, ''), coalesce(country, ''), coalesce(region, ''),
       coalesce(city, ''), coalesce(browser, ''), coalesce(browser_version, ''), coalesce(system, ''),
       coalesce(device, ''), coalesce(language, ''), coalesce(screen, ''), via, engaged, coalesce(utm_source, ''),
       coalesce(utm_medium, ''), coalesce(utm_campaign, ''), coalesce(utm_term, ''), coalesce(utm_content, ''),
       coalesce(host, '')
from hit_log
where hit = :hit
