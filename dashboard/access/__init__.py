"""Who may enter: sign-in, sessions, the guard in front of every page, and the Call it hands to it."""
