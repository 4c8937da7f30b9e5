-- Which totals have the wrong days? Those without a row too.
select w.site_key, w.day, {sums} from temp.wrong_day w left join total_day using (site_key, day)
