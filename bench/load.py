"""The load: keep-alive connections in a closed loop, in a process of their own. `python -m bench.load JOB` (JSON).

It renders its requests, says `ready`, waits for a line, sends them, and prints what it saw as JSON. An answer that is
not the expected one is counted, and the first is shown.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from array import array
from collections.abc import Iterator
from typing import cast

import msgspec

from bench.traffic import LARGEST_ARRAY, Traffic

RENDERED = 40_000  # requests rendered beforehand; arrays are rendered on the way, they would fill the memory


class Job(msgspec.Struct, frozen=True):
    """What to send where. `ours`: expect the counter's answers, else a bare 204."""

    port: int
    kind: str  # pixel, post, array, totals
    connections: int
    requests: int
    first: int = 0  # number of the first visitor
    ours: bool = True
    token: str = ""
    seconds: float = 120.0  # no request is begun later

    @property
    def hits_each(self) -> int:
        """Hits a request."""
        return LARGEST_ARRAY if self.kind == "array" else 1


class Seen(msgspec.Struct):
    """What came back. Times in seconds."""

    requests: int = 0
    wrong: int = 0
    first_wrong: str = ""
    seconds: float = 0.0
    median: float = 0.0
    p99: float = 0.0


class Load:
    """The requests still to send, and what was seen so far."""

    def __init__(self, job: Job, requests: Iterator[bytes]) -> None:
        self.job = job
        self.requests = requests
        self.seen = Seen()
        self.times = array("d")
        self.open = job.connections
        self.done = asyncio.Event()
        self.deadline = time.perf_counter() + job.seconds
        self.status, self.text, self.texts = expected(job)

    def next(self) -> bytes | None:
        return next(self.requests, None) if time.perf_counter() < self.deadline else None

    def note(self, answer: bytes, seconds: float) -> None:
        self.seen.requests += 1
        self.times.append(seconds)
        if not answer.startswith(self.status) or answer.count(self.text) != self.texts:
            self.wrong(answer[:300].decode("latin-1"))

    def wrong(self, what: str) -> None:
        self.seen.wrong += 1
        self.seen.first_wrong = self.seen.first_wrong or what

    def closed(self) -> None:
        self.open -= 1
        if not self.open:
            self.done.set()


def expected(job: Job) -> tuple[bytes, bytes, int]:
    """The status line's start, and a text with how often it must stand in the answer."""
    if not job.ours:
        return b"HTTP/1.1 204 ", b"\r\n\r\n", 1
    return {
        "pixel": (b"HTTP/1.1 200 ", b"X-Counter: counted\r\n", 1),
        "post": (b"HTTP/1.1 202 ", b"X-Counter: counted\r\n", 1),
        "array": (b"HTTP/1.1 202 ", b'"counted"', job.hits_each),
        "totals": (b"HTTP/1.1 200 ", b'"all":{"count":', 1),
    }[job.kind]


class Connection(asyncio.Protocol):
    """One visitor after another over one keep-alive connection; the next request goes out when the answer is in."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._sent = 0.0
        self._waiting = False
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = whole_answer(self._received)
        if not end:
            return
        answer, self._received = self._received[:end], self._received[end:]
        self._waiting = False
        self._load.note(answer, time.perf_counter() - self._sent)
        if self._received:
            self._load.wrong("more than one answer to one request")
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting:
            self._load.wrong(f"the connection was closed without an answer: {exc}")
        self._load.closed()

    def _send(self) -> None:
        request = self._load.next()
        if request is None:
            self._transport.close()
            return
        self._waiting = True
        self._sent = time.perf_counter()
        self._transport.write(request)


def whole_answer(received: bytes) -> int:
    """Where the first answer ends; 0 while it is not all here."""
    head = received.find(b"\r\n\r\n") + 4
    if head == 3:
        return 0
    at = received.find(b"\r\nContent-Length: ", 0, head)
    length = 0 if at < 0 else int(received[at + 18 : received.index(b"\r\n", at + 18)])
    return head + length if len(received) >= head + length else 0


async def send(load: Load) -> Seen:
    """Send everything; returns when the last connection is closed."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    load.deadline = started + load.job.seconds
    for _ in range(load.job.connections):
        await loop.create_connection(lambda: Connection(load), "127.0.0.1", load.job.port)
    await load.done.wait()
    seen, times = load.seen, sorted(load.times)
    seen.seconds = time.perf_counter() - started
    if times:
        seen.median, seen.p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    return seen


def main() -> None:
    job = msgspec.json.decode(sys.argv[1], type=Job)
    rendered = Traffic(job.token).render(job.kind, job.first, job.requests)
    if job.kind != "array" and job.requests <= RENDERED:
        rendered = iter(list(rendered))
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    sys.stdin.readline()

    async def run() -> Seen:
        return await send(Load(job, rendered))

    print(msgspec.json.encode(asyncio.run(run())).decode(), flush=True)


if __name__ == "__main__":
    main()
