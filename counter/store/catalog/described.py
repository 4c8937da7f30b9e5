"""A noun as the audit log keeps it: JSON with every field."""

from __future__ import annotations

import json

import msgspec

from counter.site import Goal, Site


def described(noun: Site | Goal) -> str:
    return json.dumps(msgspec.to_builtins(noun), ensure_ascii=False)
