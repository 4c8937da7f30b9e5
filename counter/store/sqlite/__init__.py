"""The SQLite engine: one writer connection, readers beside it, everything in one file."""
