"""One page a file: from a Call to an answer."""
