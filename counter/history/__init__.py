"""Days from another counter, read from its files and ready to import."""
