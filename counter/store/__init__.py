"""Where events are kept and added up: small protocols, and one folder an engine."""
