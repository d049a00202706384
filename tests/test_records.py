"""What is kept of a vendor's text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.base import AccountRecord, EntitlementRecord, Ref, ResourceRecord
from uar.records import (
    as_text,
    clean,
    fingerprint,
    is_sound,
    of_account,
    of_entitlement,
    of_resource,
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Ada Byrne", "Ada Byrne"),
        ("Zoë Ångström 李", "Zoë Ångström 李"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("\u202egnp.exe", "gnp.exe"),
        ("half a pair \ud800", "half a pair"),
        ("x" * 30, "x" * 20),
    ],
)
def test_text_is_as_the_vendor_wrote_it_but_for_what_could_deceive(text: str, kept: str) -> None:
    assert clean(text, 20) == kept[:20]


@pytest.mark.parametrize("vendor_id", ["", "a\nb", "x" * 501, "a\x00"])
def test_an_id_is_kept_whole_or_not_at_all(vendor_id: str) -> None:
    assert not is_sound(vendor_id)
    assert is_sound("5f0c-ä:1/2")


def test_a_nameless_account_goes_by_what_else_is_known() -> None:
    def name(**values: str) -> object:
        return of_account(AccountRecord("user", "u1", **values), in_directory=True, note=print)[  # type: ignore[arg-type]
            "name"
        ]

    assert name(email="a@example.test", username="ada") == "a@example.test"
    assert name(username="ada") == "ada"
    assert name() == "u1"


def test_only_a_directory_tells_people_from_administrators() -> None:
    admin = AccountRecord("admin", "a1")

    assert not of_account(admin, in_directory=True, note=print)["is_person"]
    assert of_account(admin, in_directory=False, note=print)["is_person"]


def test_the_same_facts_have_the_same_fingerprint_in_any_order() -> None:
    at = datetime(2026, 3, 12, 12, tzinfo=UTC)
    one = AccountRecord("user", "u1", profile={"b": "2", "a": "1"}, last_login_at=at)
    two = AccountRecord(
        "user", "u1", profile={"a": "1", "b": "2"},
        last_login_at=at.astimezone(timezone(timedelta(hours=5))),
    )  # fmt: skip
    other = AccountRecord("user", "u1", profile={"a": "1"}, last_login_at=at)

    def print_of(record: AccountRecord) -> str:
        return fingerprint(as_text(of_account(record, in_directory=True, note=print)))

    assert print_of(one) == print_of(two) != print_of(other)


def test_what_a_rule_keeps_cannot_be_provisioned() -> None:
    resource = ResourceRecord("group", "g1", "", parent=Ref("app", "a1"))
    record = EntitlementRecord(
        resource.ref, "member", can_provision=True, fixed_why="Membership follows a rule."
    )

    assert not of_entitlement(record, note=print)["can_provision"]
    assert of_entitlement(record, note=print)["name"] == "member"
    assert of_resource(resource, note=print)["parent"] == ["app", "a1"]
    assert of_resource(resource, note=print)["name"] == "g1"
