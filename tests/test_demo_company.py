"""The demo company is always the same, and holds what the demo is to show."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from uar.demo.company import DOMAIN, Company, company
from uar.demo.others import OTHERS
from uar.demo.run import CAST
from uar.demo.seed import APPROVALS
from uar.demo.systems import SYSTEMS
from uar.demo.tenant import tenant

NOW = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)


def test_the_company_is_the_same_every_time() -> None:
    assert tenant(company(), NOW) == tenant(company(), NOW)


def test_it_has_the_size_that_the_demo_promises() -> None:
    tidewheel = company()

    assert len(tidewheel.people) == 60
    assert len(tidewheel.groups) == 12
    assert len(tidewheel.applications) == 8
    assert len(tidewheel.administrators) == 4
    assert sum(admin.person is not None for admin in tidewheel.administrators) == 2


def test_leavers_are_still_in_groups() -> None:
    assert len(_leavers_with_access(company())) >= 4


def test_one_group_follows_from_a_rule() -> None:
    dynamic = [g for g in tenant(company(), NOW)["usergroups"] if "memberQuery" in g]

    assert [group["membershipMethod"] for group in dynamic] == ["DYNAMIC_AUTOMATED"]
    assert all(p.department == "Engineering" for p in company().groups[1].members)


def test_everybody_has_an_id_an_address_and_a_manager_but_the_chief() -> None:
    people = company().people

    assert len({person.id for person in people}) == len({p.email for p in people}) == 60
    assert [person.first for person in people if not person.manager] == ["Ingrid"]
    assert {person.manager for person in people} - {""} <= {person.id for person in people}


def test_the_cast_works_there_and_every_setting_is_about_a_group_that_exists() -> None:
    tidewheel = company()

    assert {name for name, *_ in CAST} <= {f"{p.first} {p.last}" for p in tidewheel.people}
    assert {setting.group for setting in APPROVALS} <= {group.name for group in tidewheel.groups}


def test_sign_ins_lie_before_now() -> None:
    events = tenant(company(), NOW)["events"]

    assert len(events) == 59
    assert all(datetime.fromisoformat(event["timestamp"]) < NOW for event in events)


def test_every_other_system_has_people_of_the_company_and_a_few_who_are_not() -> None:
    addresses = {person.email for person in company().people}
    leavers = {person.email for person in company().people if person.has_left}

    for system in SYSTEMS[1:]:
        held = json.dumps(system.held(company(), NOW))
        found = set(re.findall(r'"email": "([^"]+)"|"userName": "([^"]+)"', held))
        there = {first or second for first, second in found}

        assert system.held(company(), NOW) == system.held(company(), NOW)
        assert len(there & addresses) >= 8, system.app
        assert there & leavers, f"nobody who left is still in {system.app}"
        assert any(not each.endswith(DOMAIN) for each in there), f"{system.app}: no outsider"
        assert any(each.endswith(DOMAIN) for each in there - addresses), f"{system.app}: no orphan"


def test_owners_are_of_the_cast_and_writing_is_on_for_workato_alone() -> None:
    assert {other.owner for other in OTHERS} <= {name for name, *_ in CAST}
    assert [other.wanted.kind for other in OTHERS] == [each.vendor for each in SYSTEMS[1:]]
    assert [other.wanted.app for other in OTHERS] == [each.app for each in SYSTEMS[1:]]
    assert [other.wanted.kind for other in OTHERS if other.wanted.writes_on] == ["workato"]


def _leavers_with_access(tidewheel: Company) -> list[str]:
    members = {person.first for group in tidewheel.groups for person in group.members}
    return [p.first for p in tidewheel.people if p.has_left and p.first in members]
