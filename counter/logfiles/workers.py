"""Several processes judge, one writes: blocks go out in turn, and their results come back in the same order.

A worker is a fork of this process, taken before anything here has a thread, so that it has the same rules, patterns and
database of countries in memory. It talks msgpack over a socket of its own and ends when this process does, however that
ends: the socket is closed then. Salts are files made under a lock (`identify.Salts`), whole or not at all: the worker
that needs a day's salt first makes it, the others and the service read it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import signal
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from typing import Final

import msgspec

from counter.collect.pipeline import Pipeline
from counter.errors import CounterError, StoreError
from counter.logfiles.judge import Chunk, Judge, Portion, Terms

_LENGTH: Final = struct.Struct("!IB")  # bytes that follow, and whether they are an error's sentence
_AHEAD: Final = 3  # blocks a worker has before it: one under way, one waiting, one on its way back


class Workers:
    """`count` processes. Make it before any thread and before the event loop; close it in any case."""

    def __init__(self, count: int, pipeline: Pipeline) -> None:
        self.at_once = _AHEAD * count
        self._ends: list[socket.socket] = []
        self._processes: list[BaseProcess] = []
        self._lines: list[_Line] = []
        self._turn = 0
        gc.freeze()  # the collector of a worker leaves alone what both share, so that it stays shared
        fork = multiprocessing.get_context("fork")
        for _ in range(count):
            mine, its = socket.socketpair()
            self._ends.append(mine)
            process = fork.Process(target=_work, args=(its, list(self._ends), pipeline), daemon=True)
            process.start()
            its.close()
            self._processes.append(process)

    @asynccontextmanager
    async def judging(self, terms: Terms) -> AsyncIterator[None]:
        """Set the terms for judging blocks; called once."""
        for end in self._ends:
            line = _Line(*await asyncio.open_unix_connection(sock=end))
            line.send(msgspec.msgpack.encode(terms))
            self._lines.append(line)
        try:
            yield
        finally:
            for line in self._lines:
                await line.close()

    async def judge(self, chunk: Chunk) -> Portion:
        """The result of the chunk's lines. Blocks are given out in the order of the calls."""
        line = self._lines[self._turn % len(self._lines)]
        self._turn += 1
        line.send(msgspec.msgpack.encode(chunk))
        return _portion.decode(await line.answer())

    def close(self) -> None:
        """End them, whatever they do."""
        for end in self._ends:
            end.close()
        for process in self._processes:
            process.terminate()
            process.join()


_portion: Final = msgspec.msgpack.Decoder(Portion)


class _Line:
    """The connection to one worker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._first_come = asyncio.Lock()  # answers come in the order of questions

    async def close(self) -> None:
        """Close at once: a worker whose answers are not read would never take what is still to be sent."""
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def send(self, frame: bytes) -> None:
        self._writer.writelines((_LENGTH.pack(len(frame), 0), frame))

    async def answer(self) -> bytes:
        async with self._first_come:
            try:
                size, failed = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
                frame = await self._reader.readexactly(size)
            except (asyncio.IncompleteReadError, OSError) as error:
                raise StoreError(
                    "a process that reads lines has ended; run this again: nothing is counted twice"
                ) from error
        if failed:
            raise StoreError(frame.decode())
        return frame


def _work(end: socket.socket, others: list[socket.socket], pipeline: Pipeline) -> None:
    """A worker: takes terms, then blocks until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; this process ends with its parent
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in others:
        other.close()
    with contextlib.suppress(OSError), end, end.makefile("rwb") as stream:  # an error: the parent is gone
        judge: Judge | None = None
        while len(head := stream.read(_LENGTH.size)) == _LENGTH.size:
            frame = stream.read(_LENGTH.unpack(head)[0])
            if judge is None:
                judge = Judge(msgspec.msgpack.decode(frame, type=Terms), pipeline)
                continue
            failed, answer = _answer(judge, frame)
            stream.write(_LENGTH.pack(len(answer), failed))
            stream.write(answer)
            stream.flush()


def _answer(judge: Judge, frame: bytes) -> tuple[bool, bytes]:
    try:
        portion = judge.judge(msgspec.msgpack.decode(frame, type=Chunk))
    except CounterError as error:
        return True, str(error).encode()
    return False, msgspec.msgpack.encode(portion)
