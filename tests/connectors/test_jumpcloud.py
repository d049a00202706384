"""What the JumpCloud connector reads: accounts, resources and who holds what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.base import AccountStatus, Ref
from tests.connectors.jumpcloud_cast import (
    ADA,
    CAM,
    CAM_ADMIN,
    EMPTY,
    ENGINEERS,
    EVERYBODY,
    LEADERS,
    LEDGER,
    MAX,
    NIGHT_SHIFT,
    NOOR,
    RITA,
    RITA_ADMIN,
    ROBOT_ADMIN,
    SAM,
    VAULT,
    WIKI,
    Read,
    small_company,
    true_grants,
)


@pytest.fixture
def read(small, connect):
    return Read(connect(small))


def test_people_and_administrators_are_accounts_of_their_own(read):
    types = {(each.id, each.type, each.is_directory_person) for each in read.accounts}

    assert (CAM, "user", True) in types
    assert (CAM_ADMIN, "admin", False) in types
    assert len(types) == 9


def test_a_person_brings_profile_manager_and_employee_id(read):
    ada = read.account(ADA)

    assert (ada.name, ada.email, ada.username) == ("Ada B.", "ada@example.test", "ada")
    assert (ada.manager_id, ada.employee_id) == (MAX, "E-7")
    assert (ada.department, ada.title) == ("Engineering", "SRE")
    assert ada.created_at == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert ada.profile["manager"] == "max@example.test"
    assert ada.profile["attributes.badge"] == "77"
    assert ada.profile["employee_type"] == "FTE"


def test_a_person_without_display_name_is_called_by_first_and_last(read):
    assert read.account(MAX).name == "Max Byrne"


def test_rights_on_devices_are_part_of_the_profile(read):
    assert read.account(NOOR).profile["sudo"] == "yes"
    assert "sudo" not in read.account(ADA).profile


@pytest.mark.parametrize(
    ("who", "status", "detail"),
    [
        (ADA, AccountStatus.ENABLED, ""),
        (RITA, AccountStatus.DISABLED, "suspended"),
        (CAM, AccountStatus.DISABLED, "locked"),
        (SAM, AccountStatus.DISABLED, "staged"),
        (CAM_ADMIN, AccountStatus.ENABLED, ""),
        (ROBOT_ADMIN, AccountStatus.DISABLED, "suspended"),
    ],
)
def test_the_status_says_whether_somebody_can_sign_in_and_why_not(read, who, status, detail):
    account = read.account(who)

    assert (account.status, account.status_detail) == (status, detail)


def test_mfa_is_what_the_enrolment_says(read):
    assert read.account(ADA).mfa is True
    assert read.account(MAX).mfa is False
    assert read.account(CAM_ADMIN).mfa is True


def test_administrators_have_no_profile(read):
    cam = read.account(CAM_ADMIN)

    assert dict(cam.profile) == {}
    assert (cam.department, cam.title, cam.manager_id, cam.employee_id) == ("", "", "", "")


@pytest.mark.parametrize("link", ["populated", "null", "absent"])
def test_the_two_accounts_of_one_person_name_each_other(small, connect, link):
    small.switch(admin_link=link)
    read = Read(connect(small))

    assert read.account(CAM_ADMIN).linked_id == CAM
    assert read.account(CAM).linked_id == CAM_ADMIN
    assert read.account(ROBOT_ADMIN).linked_id == ""


def test_the_vendors_link_joins_accounts_whose_addresses_differ(small, connect):
    assert Read(connect(small)).account(RITA_ADMIN).linked_id == RITA

    small.switch(admin_link="absent")
    assert Read(connect(small)).account(RITA_ADMIN).linked_id == ""


def test_the_last_sign_in_is_read_where_the_vendor_sends_it(small, connect):
    assert Read(connect(small)).account(ADA).last_login_at is None

    small.switch(lastlogin=True)
    at = Read(connect(small)).account(ADA).last_login_at
    assert at == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_groups_applications_and_roles_are_resources(read):
    engineers = read.resource(ENGINEERS)

    assert (engineers.type, engineers.name) == ("group", "Engineers")
    assert engineers.description == "Who builds"
    assert engineers.facts == {"membershipMethod": "STATIC", "email": "eng@example.test"}
    assert {each.type for each in read.resources} == {"group", "app", "role"}


@pytest.mark.parametrize(
    ("app", "name"), [(WIKI, "The Wiki"), (VAULT, "Vault"), (LEDGER, "ledger")]
)
def test_an_application_is_called_by_its_label_or_what_comes_next(read, app, name):
    assert read.resource(app).name == name


def test_roles_are_the_known_ones_and_those_that_administrators_have(read):
    roles = {each.id: each.name for each in read.resources if each.type == "role"}

    assert len(roles) == 9
    assert roles["role_administrator_with_billing"] == "Administrator With Billing"
    assert roles["role_invoice_clerk"] == "Invoice Clerk"


def test_an_administrator_has_every_one_of_several_roles(read):
    assert read.of("role_help_desk") == {(RITA_ADMIN, "")}
    assert read.of("role_invoice_clerk") == {(RITA_ADMIN, "")}
    assert read.of("role_billing_only") == {(ROBOT_ADMIN, "")}


def test_members_of_groups_are_direct_grants(read):
    assert read.of(ENGINEERS) == {(ADA, ""), (MAX, "")}
    assert read.of(EMPTY) == set()


def test_inherited_access_names_its_group_and_direct_access_stays_beside_it(read):
    assert read.of(WIKI) == {(ADA, ""), (ADA, ENGINEERS), (MAX, ENGINEERS)}
    assert (ADA, EVERYBODY) in read.of(VAULT)
    assert (ADA, ENGINEERS) in read.of(VAULT)
    assert read.of(LEDGER) == {(NOOR, "")}


def test_everything_is_read_and_nothing_is_made_up(read):
    assert read.shared() == true_grants(small_company())
    assert read.unread == []


def test_one_application_alone_is_read_with_the_groups_it_is_given_to(read, small, connect):
    reader = connect(small)

    found = list(reader.grants([read.resource(WIKI)]))

    assert {(each.account.id, each.via) for each in found} == {
        (ADA, None),
        (ADA, Ref("group", ENGINEERS)),
        (MAX, Ref("group", ENGINEERS)),
    }


@pytest.mark.parametrize(
    ("resource", "slug", "purpose", "can_provision"),
    [
        (ENGINEERS, "member", "assignment", True),
        (NIGHT_SHIFT, "member", "assignment", True),
        (EVERYBODY, "member", "assignment", False),
        (WIKI, "access", "assignment", False),
        ("role_manager", "member", "permission", False),
    ],
)
def test_each_resource_has_one_entitlement(read, small, connect, resource, slug, purpose,
                                           can_provision):  # fmt: skip
    (found,) = connect(small).entitlements(read.resource(resource))

    assert (found.slug, found.purpose, found.can_provision) == (slug, purpose, can_provision)


@pytest.mark.parametrize("group", [EVERYBODY, LEADERS])
def test_a_group_that_a_rule_fills_says_why_it_is_fixed(read, small, connect, group):
    (found,) = connect(small).entitlements(read.resource(group))

    assert "rule" in found.fixed_why
    assert not found.can_provision


def test_a_group_that_people_fill_is_not_fixed(read, small, connect):
    (found,) = connect(small).entitlements(read.resource(ENGINEERS))

    assert found.fixed_why == ""


def test_a_key_without_administrators_still_reads_people_and_says_what_is_unread(small, connect):
    small.fault("403", path="/api/users", times=0)

    read = Read(connect(small))

    assert len(read.accounts) == 6
    assert read.shared() == true_grants(small_company())
    assert {each.resource.type for each in read.unread} == {"role"}
    assert "does not allow GET /api/users" in read.unread[0].why
