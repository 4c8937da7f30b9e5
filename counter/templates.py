"""How templates are read, wherever they stand: escaped, and an unknown name is an error and not an empty text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2


@cache
def templates_in(folder: Path, *, trimmed: bool = True) -> jinja2.Environment:
    """The templates of a folder, one environment for all who ask. `trimmed`: lines of tags alone leave no blank."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        auto_reload=False,
        trim_blocks=trimmed,
        lstrip_blocks=trimmed,
        undefined=jinja2.StrictUndefined,
    )
