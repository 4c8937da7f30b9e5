"""Untrusted text on the owner's terminal: it must not move the cursor, set colours or pass for markup."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec
from rich.text import Text

from counter.text import clean

WIDEST = 200  # characters of one cell


def plain(text: str) -> Text:
    """`text` without control characters, cut at WIDEST; rich does not look for markup in it."""
    kept = clean(text, len(text))
    return Text(kept if len(kept) <= WIDEST else f"{kept[:WIDEST]}…", overflow="fold")


def print_json(value: Any) -> None:
    """`value` as JSON; everything beyond ASCII is escaped, C1 control characters included."""
    click.echo(json.dumps(msgspec.to_builtins(value), indent=2))
