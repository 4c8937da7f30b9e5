"""Opening logs: plain or compressed files as streams of whole lines, and which format each is in."""
