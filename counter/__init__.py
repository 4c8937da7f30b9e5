"""visitor-counter: know who visits a web site, and show a counter.

The flow, left to right, each step in its own place:

    request -> parse -> screen -> identify -> enrich -> queue -> writer -> store
    web/       `------ collect/: plain functions -----'  `-- service/ --'  store/

    book     -> view    -> widget                 of each commit: the totals in memory
    service/    widget/    web/

    rollups -> report   -> API, dashboard         when somebody asks
    store/     reports/    web/, dashboard/

A hit (untrusted) becomes an event (kept) or a drop (counted by reason). Nothing flows back.
"""

__version__ = "0.1.0"
