"""Access logs of web servers as a source of hits.

read/        files -> blocks of whole lines
formats/     text -> LogLine, or None when malformed
pages.py     LogLine -> page view, download or neither
judge.py     LogLine -> Event or Drop, through `counter.collect`
order.py     events in the order of time, and the identity of a line
importer.py  all of it together, batch by batch; workers.py in several processes, summary.py counts the results
follow/      the same for a log that is still being written

Nothing here knows where batches are written; the command puts it together.
"""
