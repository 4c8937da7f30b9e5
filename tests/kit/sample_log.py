"""Where the real access log of 10,000 lines is, when it is here at all; it is not ours to ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SETTING = "COUNTER_SAMPLE_LOG"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / "access.log"


def sample_log() -> Path:
    """The file, or the test is skipped with the reason."""
    path = Path(os.environ.get(SETTING) or BESIDE)
    if not path.is_file():
        pytest.skip(f"no sample log at {path}; set {SETTING} to one")
    return path
