"""How many known bots are recognised, and how many people are taken for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from bench.figures import Figure, Scale, console, new_table, show
from counter.collect.agents.useragent import FastUserAgent, UserAgents

_FIXTURES: Final = Path(__file__).parents[1] / "tests" / "fixtures"


class Known(NamedTuple):
    """A user agent that the list of bots gives as an example of a pattern."""

    pattern: str
    user_agent: str


def known_bots() -> list[Known]:
    """Every example of crawler-user-agents."""
    return [Known(one["pattern"], text) for one in CRAWLER_USER_AGENTS_DATA for text in one["instances"]]


def browsers() -> list[str]:
    """800 distinct user agents of browsers that read pages."""
    return _lines("browser_user_agents.txt")


def awkward() -> dict[str, str]:
    """What looks like a bot and is a person: the user agent by what it is."""
    return dict(line.split("\t") for line in _lines("awkward_user_agents.txt"))


def missed(agents: UserAgents) -> list[Known]:
    return [known for known in known_bots() if agents.look_up(known.user_agent).bot is None]


def measure_bots(scale: Scale) -> list[Figure]:
    """Recall over the list's own examples, the same without the list, and people taken for bots."""
    agents, unlisted = UserAgents(), UserAgents(crawlers=())  # without the list: as bots that it does not know
    bots = [known.user_agent for known in known_bots()]
    ways: dict[str, Callable[[str], bool]] = {
        "all that we ask": lambda text: agents.look_up(text).bot is not None,
        "all but the list": lambda text: unlisted.look_up(text).bot is not None,
        "user_agents' is_bot alone": lambda text: FastUserAgent(text).is_bot,
    }
    table = new_table(f"Bots recognised of {len(bots):,} known ones", "by", "found", "%")
    figures = []
    for name, way in ways.items():
        found = sum(map(way, bots))
        table.add_row(name, show(found, 0), show(100 * found / len(bots), 2))
        figures.append(Figure(f"bots found by {name}", "%", 100 * found / len(bots)))
    console.print(table)
    for known in missed(agents):
        console.print("missed:", known.pattern, known.user_agent, style="dim", markup=False)
    return [figures[0]._replace(aim=">= 99"), *figures[1:], *_people(agents)]


def _people(agents: UserAgents) -> list[Figure]:
    table = new_table("People taken for bots", "of", "user agents", "taken")
    figures = []
    samples: dict[str, Sequence[str]] = {"browsers": browsers(), "awkward ones": list(awkward().values())}
    for name, sample in samples.items():
        taken = [text for text in sample if agents.look_up(text).bot is not None]
        table.add_row(name, show(len(sample), 0), show(len(taken), 0))
        figures.append(Figure(f"people taken for bots, {name}", f"of {len(sample)}", len(taken), aim="0"))
        for text in taken:
            console.print("taken for a bot:", text, style="dim", markup=False)
    console.print(table)
    return figures


def _lines(name: str) -> list[str]:
    """The lines of a fixture, without its comment."""
    text = (_FIXTURES / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]
