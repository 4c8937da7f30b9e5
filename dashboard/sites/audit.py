"""The audit log in words people read: what a change was from and to, field by field."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_FROM_TO: Final = re.compile(r"from (\{.*\}) to (\{.*\})", re.DOTALL)
_INTERNAL: Final = ("key",)  # a number of ours


def describe_change(detail: str) -> str:
    """`timezone: UTC → Asia/Tbilisi` of what the catalog wrote; what is written otherwise stays as it is."""
    changed = _FROM_TO.fullmatch(detail)
    try:
        if changed:
            before, after = json.loads(changed[1]), json.loads(changed[2])
            keys = [key for key in after if before.get(key) != after[key]]
            return "; ".join(f"{key}: {_shown(before.get(key))} → {_shown(after[key])}" for key in keys)
        if detail.startswith("{"):
            made = json.loads(detail)
            return "; ".join(f"{key}: {_shown(value)}" for key, value in made.items() if value and key not in _INTERNAL)
    except (ValueError, AttributeError):
        pass  # a name with braces in it, split in the wrong place
    return detail


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in (None, "") else "—"
