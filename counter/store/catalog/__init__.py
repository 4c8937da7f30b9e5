"""What owners say and keep: sites, goals, history, tokens, users, sessions, invitations, annotations and the audit log.

Plain functions over a connection, with statements of their own. What a change does to the numbers is an engine's.
"""
