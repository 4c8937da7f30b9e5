-- Write visits that began.
insert into visit values {rows}
