"""The live page: one channel for each site that somebody watches."""
