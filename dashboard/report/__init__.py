"""The report of a site: from its query string to panels, rows, charts and files. No route is here."""
