"""A followed log under whatever comes: written, cut in the middle of a line, rotated, killed and begun again."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from counter.logfiles.follow.follower import FollowedLog
from counter.logfiles.importer import Log
from counter.logfiles.read.files import Block, lines_of

BEGIN = dt.datetime(2024, 3, 29, 10, tzinfo=dt.UTC)
EVERY = 7  # seconds between two lines
WATCHED = 130.0  # seconds after which a rotated file is done with
DEEDS = ("write", "write", "partial", "rename", "kill", "step", "step", "step", "save", "save", "wait")


def line(number: int) -> str:
    at = BEGIN + dt.timedelta(seconds=EVERY * number)
    return f'203.0.113.9 - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET /{number} HTTP/1.1" 200 5 "-" "Firefox/123.0"\n'


class Import:
    """Keeps the numbers of the lines it was given; what is not finished dies with it."""

    def __init__(self, written: list[int]) -> None:
        self._written = written
        self._held: list[int] = []

    async def take(self, log: Log, block: Block) -> int:
        numbers = [int(text.split(" ")[6][1:]) for text in lines_of(block.text) if text]
        self._held += numbers
        return max((int(BEGIN.timestamp()) + EVERY * number for number in numbers), default=0)

    async def release(self, log: Log) -> None:
        pass

    async def finish(self) -> None:
        self._written += self._held
        self._held = []


class World:
    """A server that writes, and a command that follows and is killed."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.dice = dice
        self.log = folder / "access.log"
        self.log.touch()
        self.state = folder / "state.json"
        self.now = 0.0
        self.lines = self.rotations = 0
        self.rest = ""  # of a line that was written in part
        self.written: list[int] = []
        self.said: list[str] = []
        self.begin()

    def begin(self) -> None:
        self.importing = Import(self.written)
        self.followed = FollowedLog(self.log, "auto", "", self.state, lambda: self.now, self.said.append)

    def append(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(self.rest + text)
        self.rest = ""

    async def do(self, deed: str) -> None:
        match deed:
            case "write":
                count = self.dice.choice((1, 5, 150))
                self.append("".join(line(self.lines + more) for more in range(count)))
                self.lines += count
            case "partial":
                text = line(self.lines)
                cut = self.dice.randint(1, len(text) - 1)
                self.append(text[:cut])
                self.rest, self.lines = text[cut:], self.lines + 1
            case "rename":
                self.append("")
                self.rotations += 1
                self.log.rename(self.log.with_name(f"access.log.{1000 - self.rotations}"))
                self.log.touch()
            case "kill":
                self.followed.close()
                self.begin()
            case "step":
                await self.step()
            case "save":
                while await self.step():
                    pass
                await self.importing.finish()
                self.followed.save()
            case "wait":
                self.now += WATCHED

    async def step(self) -> bool:
        return await self.followed.step(self.importing)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(100))
async def test_no_line_is_lost_whatever_happens_to_the_file_and_the_command(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    world = World(tmp_path, dice)
    deeds = [dice.choice(DEEDS) for _ in range(dice.randint(5, 60))]
    for deed in deeds:
        await world.do(deed)
    world.append("")
    for _ in range(world.rotations + 2):
        for _ in range(5):
            await world.step()
        await world.do("wait")
    await world.do("save")
    world.followed.close()
    assert set(world.written) == set(range(world.lines)), deeds
    assert world.said == []
