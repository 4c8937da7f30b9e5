"""Judges many databases apart, each in a process forked for it: `python -m tests.kit.mutants FOLDER`.

What a service does with a file costs it a new interpreter, a third of a second; a fork of one that has everything
loaded costs milliseconds. Prints a JSON object: for each file the verdict on it, and for a file that was accepted
how a process ended that looked many addresses up in it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from counter.collect.places import trial_reader
from counter.collect.places.geo import Geo

LIMIT = 60  # seconds of one trial, against hangs

ACCEPTED, REFUSED = "accepted", "refused"


def apart(work: Callable[[], object]) -> str:
    """How `work` ends in a process of its own: accepted, refused, or the signal it died of."""
    child = os.fork()
    if child == 0:
        signal.alarm(LIMIT)
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            work()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return REFUSED if status else ACCEPTED


def judge(path: Path) -> None:
    """What `trial_reader` does as a program."""
    trial_reader.confine(str(path))
    trial_reader.judge(str(path))


def use(path: Path) -> None:
    """Thousands of places out of an accepted file, as the service finds them."""
    import maxminddb

    dice = random.Random(3)
    geo = Geo(None, path.parent / "nothing")
    geo._reader = maxminddb.open_database(path)
    for _ in range(2000):
        geo.place(f"{dice.randrange(4)}.{dice.randrange(256)}.{dice.randrange(8)}.7")
        geo.place(f"{dice.randrange(256)}.{dice.randrange(256)}.1.7")
        geo.place(f"2001:db8:{dice.randrange(65536):x}::1")


def main(folder: Path) -> None:
    verdicts = {}
    for path in sorted(folder.glob("*.mmdb")):
        verdict = apart(lambda path=path: judge(path))  # type: ignore[misc]
        used = apart(lambda path=path: use(path)) if verdict == ACCEPTED else ""  # type: ignore[misc]
        verdicts[path.name] = [verdict, used]
    print(json.dumps(verdicts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
