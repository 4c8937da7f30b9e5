-- What do the stored days add up to, by month?
select site_key, month, dimension, value_id, {sums} from ({query months_of_days}) where not ({all_zero})
