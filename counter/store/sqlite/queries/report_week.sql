-- What have the weekdays and hours been added up to?
select place, {sums} from temp.week_hour order by place
