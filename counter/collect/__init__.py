"""From a hit to an event or a drop, and all that can be known of it: plain, synchronous functions. Nothing waits."""
