-- Write down who is new today; `fold` sorts them into the table of visitors.
insert into visitor_tail values {rows}
