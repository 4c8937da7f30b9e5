"""visitor-counter: know who visits a web site, and show a counter.

The flow, left to right, each step in its own place:

    request -> parse -> screen -> identify -> enrich -> queue -> writer -> store -> rollups -> reports -> api, widget
    web/       `------- ingest/: plain functions -------'      `- ingest/writer -'  store/        stats/     web/

A hit (untrusted) becomes an event (kept) or a drop (counted by reason). Nothing flows back.
"""

__version__ = "0.1.0"
