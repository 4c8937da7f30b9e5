"""The answer to a Question, read in one snapshot; `answer` asks the other modules.

Which temporary table feeds which; the file of `queries/` that fills it is named after it, or by its comment.

Without filters, from rollups:

    total_day, total_hour --------------------------------> totals, series
    rollup_month, rollup_day -+-> temp.value_sum -> temp.answer -> breakdowns
    temp.delta (see fold.py) -+
    total_hour -------------------> temp.week_hour -------> weekdays and hours

With filters, and for properties, from raw rows (`filters` is the first line, `matches` the next four):

    filter -> temp.named_id -> temp.allowed_id; goal -> temp.goal_reach; temp.property_filter, temp.property_text
    event, visit -+-> (filters on visits alone) ------------------> temp.matching_visit
                  +-> (on events) --------> temp.listed_visit ----> temp.matching_visit
                  +-> (on properties) ----> temp.listed_event -> temp.listed_visit -> temp.matching_visit
    temp.matching_visit -> temp.returning_visitor -> `turn` of temp.matching_visit
    temp.matching_visit, event (or temp.listed_event) -> views temp.matching_event, temp.matching_event_by_visit

    matching_visit, matching_event -+-----------------------------> totals, series
                                    +-> temp.value_sum (pages and what visits brought) -+-> temp.answer -> breakdowns
                                    +-> temp.value_event (events, goals, properties) ---+
                                    +-> (exit pages) -----------------------------------+
                                    +-> temp.hour_sum -> temp.week_hour -> weekdays and hours
"""
