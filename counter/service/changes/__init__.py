"""Every write that is not a hit of a visitor, one struct each: what it needs, who makes it, and how it is applied.

The command socket, a command without a running service, and the dashboard apply the same structs: `await
AddSite(site, actor=COMMAND_LINE).apply(core)`. Nothing else calls what writes in the store, or reloads what of it is
in memory.
"""
