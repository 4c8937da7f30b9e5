"""A log that goes on: read as it is written, across rotation, truncation and restart, nothing lost and nothing doubled.

    growing.py     one file as it grows, or a rotated one that was compressed
    tail.py        all files behind one path, oldest first; what became of them after rotation
    checkpoint.py  from where a restart reads again
    follower.py    tails into one import

A line is known for ever by a keyed hash of its text and its number among identical ones, so that reading again does
no harm. A checkpoint must only lie early enough: before every line that could still get a number.
"""
