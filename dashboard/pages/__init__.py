"""One page a file: from a Call to an answer; `getting_in` has what the pages for strangers share."""
