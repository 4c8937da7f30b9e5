-- What is stored of the days that can be recounted? A row of zeros equals no row.
select site_key, {SumKey}, {sums} from {StoredTable} t where {query day_is_whole} and not ({all_zero})
