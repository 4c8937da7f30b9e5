"""Numbers: periods, totals from memory, and who is online now."""
