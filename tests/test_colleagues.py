"""Whom somebody means: by mail address, by name, and what is said when that is not clear."""

from __future__ import annotations

import pytest

from tests.world import World
from tests.world_requests import part_ways
from tests.world_reviews import Reviews
from uar.colleagues import colleague, named
from uar.errors import Invalid
from uar.models import Identity


@pytest.mark.parametrize(
    "typed", ["Rita Ortiz", " rita   ORTIZ ", "rita@example.test", "RITA@example.test"]
)
def test_a_name_or_a_mail_address_finds_the_person(world: World, typed: str) -> None:
    with world.reading() as session:
        found = named(session, typed)

    assert (found.id, found.name, found.email) == (world.rita.id, "Rita Ortiz", world.rita.email)


def test_a_name_is_found_in_any_alphabet(world: World) -> None:
    person = world.person("Özlem Ünal")

    with world.reading() as session:
        assert named(session, "Özlem Ünal").id == person.id


def _said(world: World, typed: str) -> str:
    with world.reading() as session, pytest.raises(Invalid) as problem:
        named(session, typed)
    assert set(problem.value.problems) == {"to"}
    return problem.value.problems["to"]


def test_a_part_of_a_name_only_suggests(world: World) -> None:
    assert _said(world, "ortiz") == (
        "Nobody is called exactly that. Do you mean Rita Ortiz (rita@example.test)?"
    )


def test_of_two_who_are_called_the_same_one_says_which(world: World) -> None:
    Reviews(world).set(Identity, world.sam.id, name="Max Roth")

    assert _said(world, "Max Roth") == (
        "Several people are called that. Say which by mail: max@example.test or sam@example.test."
    )


def test_whoever_left_is_not_found(world: World) -> None:
    part_ways(world, world.rita)

    assert _said(world, "Rita Ortiz") == "Nobody who works here has this name or mail address."
    with world.reading() as session:
        assert colleague(session, world.rita.id) is None


@pytest.mark.parametrize("typed", ["", "  ", "nobody at all", "%", "_", "\\"])
def test_what_names_nobody_is_said_so(world: World, typed: str) -> None:
    assert _said(world, typed)
