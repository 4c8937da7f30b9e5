"""The admins' web pages. They read; what they show comes from `counter`'s reports."""
