"""The sources of `static/counter.js` and `static/widget.js`, and `build.py`, which makes them. None of it is served."""
