"""The counter as people see it: options, one view, and its drawing as HTML, SVG, JSON and badge. Pure: no HTTP."""
