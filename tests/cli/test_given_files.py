"""Logs, dumps and tables as people have them, and what is right for each: the rows of `tests/fixtures/cases/*.tsv`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.process import Home

CASES = Path(__file__).parent.parent / "fixtures" / "cases"


def rows(name: str) -> list[list[str]]:
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("# ")]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, "shop")


@pytest.mark.parametrize("row", rows("logs.tsv"), ids=lambda row: row[0])
def test_a_log_counts_as_people_came(row: list[str], home: Home) -> None:
    file, option, *figures = row[:5]
    name, _, zone = option.partition("=")
    if name == "--timezone":
        option = ""
        assert home.type("site", "set", "shop", f"timezone={zone}").code == 0
    done = home.type("import-log", "--site", "shop", *([option] if option else []), CASES / "logs" / file)
    assert done.code == 0, done
    seen = home.rows("select count(*), count(distinct visitor || day), count(distinct path) from hit_log")
    assert seen == [tuple(map(int, figures))]


@pytest.mark.parametrize("row", rows("vinaora.tsv"), ids=lambda row: row[0])
def test_a_dump_gives_its_total_or_is_refused(row: list[str], home: Home) -> None:
    file, right = row[:2]
    done = home.type("import-vinaora", "--site", "shop", CASES / "vinaora" / file)
    if right == "refuse":
        assert (done.code, home.rows("select count(*) from history")) == (2, [(0,)])
    else:
        assert (done.code, home.rows("select sum(visits) from history")) == (0, [(int(right),)])


@pytest.mark.parametrize("row", rows("csv.tsv"), ids=lambda row: row[0])
def test_a_table_is_taken_or_refused(row: list[str], home: Home) -> None:
    file, _, right = row[:3]
    done = home.type("import-daily", "--site", "shop", CASES / "csv" / file)
    assert done.code == (0 if right.startswith("taken") else 2), done
