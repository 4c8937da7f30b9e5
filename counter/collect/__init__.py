"""From a hit to an event or a drop, and all that can be known of it. Judging is plain and synchronous."""
