"""Access: sign-in, sessions, the guard in front of every page, and the Call that it passes to the page."""
