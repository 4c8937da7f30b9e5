"""What can be told of a hit from its user agent, address, referrer and browser."""
