"""A site beyond its report: settings, hit log, overview card, audit log, and the tester of hits."""
