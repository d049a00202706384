"""A figure, its limit, and how figures are printed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. ``facts`` are what it was made of, such as the two times of a ratio."""

    name: str
    value: float
    unit: str
    limit: float
    met: bool
    facts: Mapping[str, Any] = field(default_factory=dict)


def at_most(name: str, value: float, unit: str, limit: float, **facts: Any) -> Figure:
    """Make the figure that is met when ``value`` does not exceed ``limit``."""
    return Figure(name, round(value, 4), unit, limit, value <= limit, facts)


def as_table(figures: Sequence[Figure]) -> str:
    """Return the figures as lines: met or missed, value, limit, name, facts."""
    lines = []
    width = max((len(figure.name) for figure in figures), default=0)
    for figure in figures:
        word = "met   " if figure.met else "MISSED"
        facts = "  ".join(f"{name}={value}" for name, value in figure.facts.items())
        lines.append(
            f"{word}  {figure.name:<{width}}  {figure.value:>9.3f} of {figure.limit:g} "
            f"{figure.unit:<3}  {facts}".rstrip()
        )
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> str:
    """Return the figures as one JSON array."""
    return json.dumps([asdict(figure) for figure in figures], indent=2, default=str)
