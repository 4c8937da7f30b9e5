"""All changes that there are, as the command socket takes them."""

from __future__ import annotations

from counter.service.changes import accounts, numbers, sites

AnyChange = (
    sites.AddSite
    | sites.ChangeSite
    | sites.RemoveSite
    | sites.AddToken
    | sites.RemoveToken
    | sites.AddGoal
    | sites.RemoveGoal
    | sites.SetPageStart
    | sites.RemovePageStart
    | sites.AddAnnotation
    | sites.RemoveAnnotation
    | accounts.AddUser
    | accounts.ChangeUser
    | accounts.RemoveUser
    | accounts.SetPassword
    | accounts.Invite
    | accounts.AcceptInvitation
    | accounts.BeginSession
    | accounts.EndSession
    | accounts.EndOtherSessions
    | accounts.NoteUse
    | accounts.ExpireAccounts
    | numbers.AppendBatch
    | numbers.PutHistory
    | numbers.MendNumbers
    | numbers.NoteExport
)
