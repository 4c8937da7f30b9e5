"""Access logs of web servers as a source of hits: read, understood and put in order, nothing counted yet.

    files.py  bytes -> (text, bytes consumed)     lines.py  text -> LogLine, or None when malformed
    order.py  lines in time order, each with its occurrence and keyed hash     pages.py  which lines are pages

Everything here is synchronous and knows neither sites nor storage; the import command puts it together.
"""
