"""Rows of people and administrators that the vendor's objects allow, turned into accounts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.base import AccountStatus
from connectors.jumpcloud.people import accounts


def person(identity="p1", **fields):
    return {"_id": identity, **fields}


def only(row):
    return next(accounts([row], [], {}))


def links(people, administrators):
    found = accounts(people, administrators, {})
    return {each.id: each.linked_id for each in found if each.linked_id}


@pytest.mark.parametrize(
    ("fields", "status", "detail"),
    [
        ({}, AccountStatus.ENABLED, ""),
        ({"state": ""}, AccountStatus.ENABLED, ""),
        ({"state": "activated"}, AccountStatus.ENABLED, ""),
        ({"state": "STAGED"}, AccountStatus.DISABLED, "staged"),
        ({"state": "SUSPENDED"}, AccountStatus.DISABLED, "suspended"),
        ({"state": "ACTIVATED", "account_locked": True}, AccountStatus.DISABLED, "locked"),
        ({"account_locked": True, "suspended": True}, AccountStatus.DISABLED, "suspended"),
        ({"state": "FROZEN"}, AccountStatus.UNSPECIFIED, "frozen"),
        ({"state": None, "suspended": None}, AccountStatus.ENABLED, ""),
    ],
)
def test_every_state_has_a_status(fields, status, detail):
    account = only(person(**fields))

    assert (account.status, account.status_detail) == (status, detail)


@pytest.mark.parametrize(
    ("fields", "mfa"),
    [
        ({}, None),
        ({"mfaEnrollment": {"overallStatus": "ENROLLED"}, "totp_enabled": False}, True),
        ({"mfaEnrollment": {"overallStatus": "PENDING_ACTIVATION"}, "totp_enabled": True}, False),
        ({"mfaEnrollment": {}, "totp_enabled": True}, True),
        ({"totp_enabled": False, "mfa": {"configured": True}}, True),
        ({"totp_enabled": False, "mfa": {"configured": False}}, False),
        ({"mfa": None}, None),
    ],
)
def test_mfa_is_told_by_the_best_signal_there_is(fields, mfa):
    assert only(person(**fields)).mfa is mfa


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"displayname": "Ada B.", "firstname": "Ada"}, "Ada B."),
        ({"firstname": "Ada", "lastname": "Byrne", "username": "ada"}, "Ada Byrne"),
        ({"firstname": "Ada", "lastname": None, "displayname": ""}, "Ada"),
        ({"username": "ada"}, "ada"),
    ],
)
def test_a_name_is_the_best_there_is(fields, name):
    assert only(person(**fields)).name == name


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-02T03:04:05.678Z", datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)),
        ("2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1700000000, None),
    ],
)
def test_instants_are_utc_or_unknown(text, instant):
    assert only(person(created=text)).created_at == instant


def test_odd_values_become_text_and_empty_ones_are_left_out():
    profile = only(
        person(costCenter=42, location=None, attributes=[{"name": "seat", "value": None}, "odd"])
    ).profile

    assert profile == {"cost_center": "42", "attributes.seat": ""}


def test_the_vendors_link_counts_before_the_address():
    people = [person(email="ada@example.test", admin={"id": "a1"})]
    administrators = [
        {"_id": "a1", "email": "root@example.test"},
        {"_id": "a2", "email": "ada@example.test"},
    ]

    assert links(people, administrators) == {"p1": "a1", "a1": "p1"}


def test_addresses_join_whatever_their_case():
    people = [person(email="Ada@Example.test")]

    assert links(people, [{"_id": "a1", "email": " ada@example.TEST"}]) == {"p1": "a1", "a1": "p1"}


@pytest.mark.parametrize(
    ("mails", "admin_mails"),
    [
        (["same@example.test", "SAME@example.test"], ["same@example.test"]),
        (["same@example.test"], ["same@example.test", "same@example.test"]),
        ([""], [""]),
    ],
)
def test_an_address_that_is_not_unique_on_both_sides_joins_nobody(mails, admin_mails):
    people = [person(f"p{n}", email=mail) for n, mail in enumerate(mails)]
    administrators = [{"_id": f"a{n}", "email": mail} for n, mail in enumerate(admin_mails)]

    assert links(people, administrators) == {}


def test_an_administrator_whom_two_people_claim_is_nobodys():
    people = [person("p1", admin={"id": "a1"}), person("p2", admin={"id": "a1"})]

    assert links(people, [{"_id": "a1", "email": ""}]) == {}
