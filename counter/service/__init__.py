"""One running service, free of HTTP: its parts, the writer, what is kept in memory, and what is done by night."""
