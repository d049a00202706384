"""What the Percipio connector reads: accounts, roles, courses and who is learning what."""

from __future__ import annotations

import pytest

from connectors.base import AccountStatus
from connectors.errors import Unauthorised
from tests.connectors.percipio_cast import (
    ABROAD,
    ADA,
    CAM,
    EXAM,
    GRANTS,
    MAX,
    NAMELESS,
    NOOR,
    PRIVACY,
    PYTHON,
    RITA,
    SAM,
    Read,
)
from uar.demo.vendors.percipio_tokens import token


@pytest.fixture
def read(site, percipio):
    return Read(percipio(site))


def test_every_user_is_an_account_active_or_not(read):
    assert [each.id for each in read.accounts] == [ADA, MAX, RITA, CAM, SAM, NOOR]
    assert {each.type for each in read.accounts} == {"user"}


def test_an_account_brings_name_login_title_and_manager(read):
    ada = read.account(ADA)

    assert (ada.name, ada.email, ada.username) == ("Ada Byrne", "ada@example.test", "ada.b")
    assert (ada.title, ada.manager_id) == ("SRE", MAX)
    assert ada.profile["job_role"] == "Engineer"
    assert ada.profile["manager"] == "max@example.test"
    assert ada.profile["coaching"] == "yes"
    assert "instructor" not in ada.profile
    assert read.account(NOOR).profile["instructor"] == "yes"


def test_attributes_of_the_customer_never_hide_what_the_vendor_says(read):
    profile = read.account(ADA).profile

    assert profile["attributes.Dept Name"] == "R&D"
    assert (profile["role"], profile["attributes.role"]) == ("LEARNER", "Boss")
    assert "attributes.Site" not in profile


def test_the_customers_own_key_is_no_employee_id_because_it_may_be_an_address(read):
    max_ = read.account(MAX)

    assert max_.username == max_.profile["external_id"] == "max@example.test"
    assert max_.employee_id == ""


def test_a_manager_who_was_not_read_is_nobody(read):
    assert read.account(MAX).manager_id == ""


def test_somebody_without_a_name_is_called_by_address(read):
    assert read.account(SAM).name == "sam@example.test"


def test_the_status_says_whether_somebody_may_enter(read):
    cam = read.account(CAM)

    assert read.account(ADA).status is AccountStatus.ENABLED
    assert (cam.status, cam.status_detail) == (AccountStatus.DISABLED, "not active")


def test_courses_and_assessments_that_can_be_learnt_are_resources(read):
    assert read.courses() == {PRIVACY, PYTHON, EXAM, NAMELESS, ABROAD}


@pytest.mark.parametrize(
    ("course", "name"),
    [(PRIVACY, "Data protection"), (NAMELESS, "nn_07"), (ABROAD, "Führung")],
)
def test_a_course_is_called_by_a_title_or_its_code(read, course, name):
    assert read.resource(course).name == name


def test_a_course_says_whether_the_law_asks_for_it(read):
    assert read.resource(PRIVACY).facts == {
        "kind": "Course",
        "code": "pr_01",
        "compliance": "yes",
    }
    assert read.resource(EXAM).facts == {"kind": "Assessment"}


def test_roles_are_the_known_ones_and_those_that_somebody_has(read):
    roles = {each.id: each.name for each in read.resources if each.type == "role"}

    assert len(roles) == 7
    assert roles["LEARNING_ADMIN"] == "Learning administrator"
    assert roles["BADGE_OFFICER"] == "Badge officer"


def test_everybodys_role_and_all_learning_is_read_and_nothing_is_made_up(read):
    assert read.held() == GRANTS
    assert len(read.grants) == len(GRANTS)
    assert read.unread == []


def test_a_role_can_be_given_and_taken_and_is_a_permission(read, site, percipio):
    (found,) = percipio(site).entitlements(read.resource("ADMIN"))

    assert (found.slug, found.purpose, found.can_provision) == ("assigned", "permission", True)


def test_the_least_role_is_fixed_and_says_what_to_do_instead(read, site, percipio):
    (found,) = percipio(site).entitlements(read.resource("LEARNER"))

    assert not found.can_provision
    assert "deactivate the account" in found.fixed_why


def test_law_8_what_somebody_learns_is_a_fact_and_no_access(read, site, percipio):
    found = percipio(site).entitlements(read.resource(PYTHON))

    assert [each.slug for each in found] == ["in_progress", "completed"]
    assert {(each.purpose, each.can_provision) for each in found} == {("fact", False)}


def test_of_several_rows_about_a_pair_the_newest_counts(site, percipio):
    for shown in ("all", "latest"):
        site.switch(rows_per_pair=shown)
        held = Read(percipio(site)).held()

        assert (ADA, PYTHON, "completed") in held
        assert (RITA, PYTHON, "in_progress") in held
        assert held == GRANTS


def test_of_several_rows_without_dates_a_completion_counts(site, percipio):
    site.switch(row_dates=False)

    held = Read(percipio(site)).held()

    assert (RITA, PYTHON, "completed") in held
    assert (RITA, PYTHON, "in_progress") not in held


@pytest.mark.parametrize("words", ["display", "enum"])
def test_a_status_may_be_written_either_way(site, percipio, words):
    site.switch(row_statuses=words)

    assert Read(percipio(site)).held() == GRANTS


def test_rows_about_people_or_courses_that_were_not_read_are_counted_and_left_out(
    site, percipio, heard
):
    site.switch(stray_rows=4)

    assert Read(percipio(site)).held() == GRANTS
    assert any(line.startswith("5 rows are about") for line in heard.lines)


def test_people_who_are_not_active_may_be_missing_from_the_list(site, percipio):
    site.switch(inactive_users=False)

    read = Read(percipio(site))

    assert CAM not in {each.id for each in read.accounts}
    assert read.held() == {each for each in GRANTS if each[0] != CAM}


def test_grants_alone_read_what_they_need(site, percipio):
    resources = Read(percipio(site)).resources

    found = list(percipio(site).grants(resources))

    assert {(each.account.id, each.resource.id, each.slug) for each in found} == GRANTS


def test_roles_alone_need_no_report(read, site, percipio):
    site.reset_counts()
    roles = [each for each in read.resources if each.type == "role"]

    reader = percipio(site)

    assert len(list(reader.grants(roles))) == 6
    assert site.requests()["total"] == reader.requests == 1


def test_two_reads_in_a_row_see_the_same(site, percipio):
    first, second = Read(percipio(site)), Read(percipio(site))

    assert (first.accounts, first.resources) == (second.accounts, second.resources)
    assert first.held() == second.held()


def test_a_token_that_is_not_known_ends_the_read(site, percipio):
    with pytest.raises(Unauthorised):
        Read(percipio(site, key=token("nobody")))
