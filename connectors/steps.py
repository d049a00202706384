"""How somebody obtains a connector's credentials at the vendor, as data for the form's page.

Written by whoever writes the connector, in our own words, beside its code. It
holds words only: the page numbers and arranges them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

WRITING_OFF = "writing is off"
"""The condition of every call that only changes things."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A call that the credentials must be allowed to make, where the vendor asks which.

    `name` is what the vendor's page calls it. `without` completes "May be left
    out if …"; "" if nothing works without it.
    """

    call: str
    name: str
    without: str = ""

    @property
    def only_writes(self) -> bool:
        """Whether nothing but a change makes this call."""
        return self.without == WRITING_OFF


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do at the vendor, in a sentence or a few; what to tick, if it is that."""

    text: str
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way to credentials: its steps in order. `title` is "" if there is no other way."""

    steps: tuple[Step, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """Who must obtain the credentials, in which role, and how; the way to prefer comes first."""

    who: str
    ways: tuple[Way, ...]

    def steps(self) -> Iterator[Step]:
        """Every step of every way."""
        for each in self.ways:
            yield from each.steps


def guide(who: str, *steps: Step | str) -> Guide:
    """Declare a guide with one way; a plain sentence is a step."""
    return Guide(who, (way("", *steps),))


def way(title: str, *steps: Step | str) -> Way:
    """Declare one of several ways; a plain sentence is a step."""
    return Way(tuple(Step(each) if isinstance(each, str) else each for each in steps), title)
