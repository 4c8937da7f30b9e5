-- What was counted again of these days?
select site_key, {SumKey}, {sums} from {CountedTable} t where {query day_is_whole} and not ({all_zero})
