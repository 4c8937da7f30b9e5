"""Days, weeks and hours of a site, and the periods and series made of them. Pure."""
