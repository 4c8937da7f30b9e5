"""From a request to an event or a drop: plain functions, then one writer."""
