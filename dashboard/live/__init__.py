"""The live page: one feed for each site that somebody watches."""
