"""Where a visit comes from: the referrer, the link, and the source they belong to."""
