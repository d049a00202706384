"""The benchmarks run, at a size that measures nothing. Limits are for `make bench`."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import MODULES
from benchmarks.figures import as_json, as_table, at_most


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_benchmark_works_on_both_databases(name: str, database_url: str) -> None:
    figures = MODULES[name](True, database_url)

    assert figures
    assert all(figure.value >= 0 and figure.limit > 0 for figure in figures)
    assert len({figure.name for figure in figures}) == len(figures)
    assert as_table(figures).count("\n") == len(figures) - 1


def test_a_figure_above_its_limit_is_missed() -> None:
    missed, met = at_most("slow", 2.1, "x", 2.0, base=1.0), at_most("fast", 2.0, "x", 2.0)

    assert (missed.met, met.met) == (False, True)
    assert as_table([missed, met]).splitlines()[0].startswith("MISSED")
    assert '"base": 1.0' in as_json([missed])
