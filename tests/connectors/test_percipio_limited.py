"""Reading only some courses of Percipio, or only what changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.base import ChangeReader
from connectors.errors import Rejected
from tests.connectors.percipio_cast import (
    ADA,
    CAM,
    EXAM,
    GRANTS,
    MAX,
    NOWHERE,
    PRIVACY,
    PYTHON,
    RETIRED,
    SAM,
    VIDEO,
    Read,
    an_id,
)

SEARCH = "GET /content-discovery/v1/organizations/{org}/search-content"
CATALOGUE = "GET /content-discovery/v2/organizations/{org}/catalog-content"


def courses(*numbers):
    return [an_id("content", n) for n in numbers]


def read_of(large_site, percipio, ids):
    """What is read of some courses, and (searches, pages of the catalogue) that it took."""
    reader = percipio(large_site, courses=",".join(ids))
    list(reader.accounts())
    large_site.reset_counts()

    found = {each.id for each in reader.resources() if each.type == "course"}

    counted = large_site.requests()["routes"]
    return found, counted.get(SEARCH, 0), counted.get(CATALOGUE, 0)


def test_only_the_courses_that_are_named_are_read_with_all_people_and_roles(site, percipio):
    read = Read(percipio(site, courses=f"{PYTHON}, {EXAM}"))

    assert read.courses() == {PYTHON, EXAM}
    assert len(read.accounts) == 6
    assert read.held() == {
        each for each in GRANTS if each[2] == "assigned" or each[1] in (PYTHON, EXAM)
    }
    assert read.unread == []


@pytest.mark.parametrize("given", [PYTHON, PYTHON.upper(), f" {PYTHON};\n{PYTHON} ,"])
def test_course_ids_may_be_written_as_people_write_lists(site, percipio, given):
    assert Read(percipio(site, courses=given)).courses() == {PYTHON}


def test_one_course_takes_one_search(large_site, percipio):
    assert read_of(large_site, percipio, courses(2222)) == (set(courses(2222)), 1, 0)


def test_courses_of_the_first_page_take_that_page(large_site, percipio):
    few = courses(1, 2, 3, 4, 5, 6)

    assert read_of(large_site, percipio, few) == (set(few), 0, 1)


def test_few_courses_beyond_the_first_page_are_searched_for(large_site, percipio):
    few = courses(1, 2200, 2201)

    assert read_of(large_site, percipio, few) == (set(few), 2, 1)


def test_many_courses_take_the_catalogue_and_no_search(large_site, percipio):
    many = courses(*range(1500, 1600))

    assert read_of(large_site, percipio, many) == (set(many), 0, 4)


def test_a_course_that_no_search_finds_is_found_in_the_catalogue(large_site, percipio):
    large_site.switch(search_finds_ids=False)

    assert read_of(large_site, percipio, courses(2222)) == (set(courses(2222)), 1, 4)


@pytest.mark.parametrize("fault", ["400", "403", "404"])
def test_where_the_search_is_refused_the_catalogue_is_read(large_site, percipio, fault):
    large_site.fault(fault, path="/content-discovery/v1", times=0)

    found, _, pages = read_of(large_site, percipio, courses(2222))

    assert (found, pages) == (set(courses(2222)), 4)


@pytest.mark.parametrize("noise", [0, 60])
def test_a_search_that_finds_other_courses_too_is_looked_through(large_site, percipio, noise):
    large_site.switch(search_noise=noise)

    assert read_of(large_site, percipio, courses(2222)) == (set(courses(2222)), 1, 0)


@pytest.mark.parametrize("types", ["commas", "repeated"])
def test_a_search_does_not_depend_on_how_types_are_written(large_site, percipio, types):
    large_site.switch(type_filter=types)

    assert read_of(large_site, percipio, courses(2222)) == (set(courses(2222)), 1, 0)


def test_a_course_that_does_not_exist_is_said_after_looking_everywhere(site, percipio, heard):
    read = Read(percipio(site, courses=f"{NOWHERE},{PYTHON}"))

    assert read.courses() == {PYTHON}
    assert f"Percipio has no course {NOWHERE}, which the settings name" in heard.lines


@pytest.mark.parametrize("other", [RETIRED, VIDEO])
def test_what_is_no_course_that_can_be_learnt_is_said_and_left_out(site, percipio, heard, other):
    read = Read(percipio(site, courses=f"{other},{PYTHON}"))

    assert read.courses() == {PYTHON}
    assert any(line.startswith(f"{other} is no course") for line in heard.lines)


def test_a_code_instead_of_an_id_is_refused_before_anything_is_sent(site, percipio):
    with pytest.raises(Rejected, match="py_01 is no course ID"):
        percipio(site, courses=f"{PRIVACY}, py_01")

    assert site.requests()["total"] == 0


def test_law_9_a_read_of_some_courses_says_so(site, percipio):
    limited = percipio(site, courses=f"{PYTHON},{EXAM}").scope

    assert limited == f"only the courses {', '.join(sorted((PYTHON, EXAM)))}"
    assert percipio(site, courses=f"{EXAM},{PYTHON}").scope == limited
    assert percipio(site).scope == ""


def test_law_9_a_read_of_many_courses_says_so_in_other_words_for_other_courses(site, percipio):
    many, others = courses(*range(200)), courses(*range(1, 201))

    said = {percipio(site, courses=",".join(each)).scope for each in (many, others)}

    assert len(said) == 2
    assert all(" and 190 more" in each and len(each) < 500 for each in said)


def test_law_9_a_read_of_fewer_years_says_so(site, percipio):
    assert percipio(site, activity_years=2).scope == "only learning of the last 2 years"


def test_only_what_changed_can_be_read(site, percipio):
    reader = percipio(site)
    assert isinstance(reader, ChangeReader)
    reader.only_since(datetime(2026, 2, 3, 12, tzinfo=UTC))

    read = Read(reader)

    assert read.accounts == []
    assert read.courses() == set()
    # A day earlier than asked for, since reports lag; what did not change is named all the same.
    learnt = {(who, what) for who, what, _ in read.held()}
    assert {(SAM, EXAM), (CAM, EXAM), (ADA, PYTHON)} <= learnt
    assert (ADA, PRIVACY) not in learnt


def test_somebody_who_changed_is_among_what_changed(site, percipio):
    before = percipio(site)
    max_ = next(each for each in before.accounts() if each.id == MAX)
    roles = {each.id: before.entitlements(each) for each in before.resources()}
    before.grant(max_, *roles["CONTENT_CURATOR"])

    reader = percipio(site)
    reader.only_since(datetime(2026, 6, 1, tzinfo=UTC))
    read = Read(reader)
    before.grant(max_, *roles["MANAGER"])

    assert [each.id for each in read.accounts] == [MAX]
    assert read.held() == {(MAX, "CONTENT_CURATOR", "assigned")}


def test_what_changed_is_not_known_without_the_report(site, percipio):
    site.switch(report_ends="failed")
    reader = percipio(site)
    reader.only_since(datetime(2026, 6, 1, tzinfo=UTC))

    with pytest.raises(Rejected, match="could not make its report"):
        Read(reader)


def test_a_read_of_what_changed_takes_fewer_requests(large_site, percipio):
    reader = percipio(large_site)
    reader.only_since(datetime(2026, 6, 1, tzinfo=UTC))

    read = Read(reader)

    polls = large_site.control("switches")["report_polls"] + 1
    assert read.requests == 1 + 1 + 1 + polls


def test_what_changed_in_some_courses_is_of_these_only(site, percipio):
    reader = percipio(site, courses=f"{PYTHON},{PRIVACY}")
    reader.only_since(datetime(2026, 1, 1, tzinfo=UTC))

    assert {what for _, what, how in Read(reader).held() if how != "assigned"} == {PYTHON, PRIVACY}
