"""The live page: one feed for each site that is being watched."""
