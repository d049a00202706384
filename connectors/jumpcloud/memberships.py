"""Who is in which group: from everybody's own list where it can be trusted, else group by group.

The vendor's search for people may send each person's groups (`memberof`), which
saves one request per group. Its specification does not say when, so it is
believed only if everybody has it, a sample of the groups, read one by one,
agrees, and so do a few people's groups, read from the other side (a list that
is cut short shows there). What the sample read is used either way.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.base import ResourceRecord
from connectors.errors import Remote
from connectors.jumpcloud.api import Api
from connectors.jumpcloud.resources import METHOD
from connectors.pages import Row

SHARE = 20  # one group in so many is read, and one person per so many groups
SMALLEST_SAMPLE = 5
MOST_PEOPLE = 5

Members = list[str]


@dataclass(frozen=True, slots=True)
class Claims:
    """What people's own lists say. They may name device groups too: look up user groups only."""

    by_person: Mapping[str, Sequence[str]]
    by_group: Mapping[str, Members]

    def members(self, group: str) -> Members:
        """The ids of the people whose list names this group."""
        return self.by_group.get(group, [])


def claims_of(people: Sequence[Row]) -> Claims | None:
    """What the people's own lists say; None unless everybody has one."""
    by_person: dict[str, Sequence[str]] = {}
    by_group: dict[str, Members] = {}
    for person in people:
        groups = person.get("memberof")
        if not isinstance(groups, list):
            return None
        identity = person["_id"]
        by_person[identity] = groups
        for group in groups:
            if not isinstance(group, str):
                return None
            by_group.setdefault(group, []).append(identity)
    return Claims(by_person, by_group) if people else None


def memberships(
    api: Api, groups: Sequence[ResourceRecord], people: Sequence[Row]
) -> Iterator[tuple[str, Members | Remote]]:
    """Each group's id with the ids of its people, or what prevented reading it; any order.

    Costs a request per group and 100 members, or only those of the checks.
    """
    claims = claims_of(people)
    if claims is None:
        api.client.log("Memberships: read group by group; people's own lists are not there")
        yield from _read(api, [group.id for group in groups])
        return
    sample = _sample(groups, claims)
    wrong = 0
    for group, members in _read(api, sample):
        yield group, members
        if not isinstance(members, Remote):
            wrong += set(members) & claims.by_person.keys() != set(claims.members(group))
    sampled = set(sample)
    rest = [group.id for group in groups if group.id not in sampled]
    doubt = (
        f"{wrong} of {len(sample)} groups differ" if wrong else _doubt(api, groups, rest, claims)
    )
    if doubt:
        api.client.log(f"Memberships: read group by group; people's own lists are wrong: {doubt}")
        yield from _read(api, rest)
        return
    api.client.log(
        f"Memberships: {len(rest)} groups from people's own lists, "
        f"which agree with {len(sample)} groups that were read"
    )
    for identity in rest:
        yield identity, claims.members(identity)


def _read(api: Api, groups: Sequence[str]) -> Iterator[tuple[str, Members | Remote]]:
    # The first alone: if the vendor refuses to sort, that costs one request
    # instead of one per thread.
    yield from api.client.map(api.members, groups[:1])
    yield from api.client.map(api.members, groups[1:])


def _sample(groups: Sequence[ResourceRecord], claims: Claims) -> list[str]:
    """The largest group, an empty one, one of each method, and others by lot.

    By lot, so that a group about which the lists are always wrong is found in
    some run.
    """
    by_size = sorted((group.id for group in groups), key=lambda each: len(claims.members(each)))
    by_method = {group.facts.get(METHOD, ""): group.id for group in groups}
    must = list(dict.fromkeys([*by_size[-1:], *by_size[:1], *by_method.values()]))
    size = max(SMALLEST_SAMPLE, len(groups) // SHARE)
    others = [identity for identity in by_size if identity not in must]
    n_others = min(max(size - len(must), 0), len(others))
    return [*must, *secrets.SystemRandom().sample(others, n_others)]


def _doubt(
    api: Api, groups: Sequence[ResourceRecord], rest: Collection[str], claims: Claims
) -> str:
    """Compare the longest lists with the same people's groups; what is wrong, "" if nothing.

    A vendor that cuts lists short does it to the longest ones, whatever their
    groups. At most one request per twenty groups.
    """
    if not rest:
        return ""
    known = {group.id for group in groups}
    longest = max(len(each) for each in claims.by_person.values())
    candidates = [person for person, each in claims.by_person.items() if len(each) == longest]
    n_people = min(MOST_PEOPLE, len(groups) // SHARE, len(candidates))
    chosen = secrets.SystemRandom().sample(candidates, n_people)
    for person, found in api.client.map(api.groups_of, chosen):
        if isinstance(found, Remote):
            return f"the groups of person {person} could not be compared: {found.sentence}"
        if set(found) & known != set(claims.by_person[person]) & known:
            return f"the groups of person {person} differ"
    return ""
