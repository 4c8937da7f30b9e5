"""A growing log: read as it is written, across rotation, truncation and restart, nothing lost and nothing twice.

    growing.py     one file as it grows, or a rotated one that was compressed
    tail.py        all files behind one path, oldest first; what became of them after rotation
    checkpoint.py  from where a restart reads again
    follower.py    tails into one import

Each counted line is stored permanently as a keyed hash of its text and its number among identical ones, so reading it
again does no harm. A checkpoint only has to be early enough: before every line that could still get a number.
"""
