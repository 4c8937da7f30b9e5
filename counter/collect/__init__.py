"""From a hit to an event or a drop, with everything that is derived: plain, synchronous functions. Nothing waits."""
