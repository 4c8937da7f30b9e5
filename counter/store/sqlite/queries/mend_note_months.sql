-- The months of the wrong days are to be mended, too.
insert or ignore into temp.wrong_month
select site_key, {month} from temp.wrong_day
