-- Which months are stored?
select site_key, month, dimension, value_id, {sums} from rollup_month where not ({all_zero})
