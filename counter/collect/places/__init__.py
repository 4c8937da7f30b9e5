"""Where an address is: country, region and city, from a database that may be replaced while it is read."""
