"""Access logs of web servers as a source of hits.

    files.py      bytes -> blocks of whole lines       formats/    text -> LogLine, or None when malformed
    sources.py    which format, which log first        pages.py    which lines are pages or downloads
    judge.py      a block -> events and drops          order.py    occurrences, keyed hashes, the order of time
    workers.py    several processes judge              importer.py what they found -> batches and a summary
    follow/       a log that goes on, across rotation and restart

Nothing here knows where batches are written; the command puts it together.
"""
