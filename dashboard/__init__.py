"""The web pages of owners, admins and viewers: what `counter` counted, and the settings of sites and accounts."""
