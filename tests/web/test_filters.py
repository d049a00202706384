"""Words for instants, durations and counts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, render_template_string

from uar.web import filters

NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=0), "now"),
        (timedelta(seconds=-59), "now"),
        (timedelta(seconds=40), "in 40 s"),
        (timedelta(seconds=60), "in 1 min"),
        (timedelta(minutes=59, seconds=59), "in 59 min"),
        (timedelta(hours=2), "in 2 h"),
        (timedelta(hours=2, minutes=10), "in 2 h 10 min"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(days=2, hours=3, minutes=9), "in 2 days 3 h"),
        (timedelta(days=4, hours=3), "in 4 days"),
        (timedelta(minutes=-12), "12 min ago"),
        (timedelta(days=-3), "3 days ago"),
    ],
)
def test_time_left_is_said_in_words_that_a_person_would_use(left, words):
    assert filters.until(NOON + left, now=NOON, zone=UTC) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=13), "yesterday"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(days=30), "30 days ago"),
        (timedelta(days=31), "9 Feb"),
        (timedelta(days=400), "5 Feb 2025"),
    ],
)
def test_the_past_is_said_in_one_unit_and_then_as_a_date(passed, words):
    assert filters.ago(NOON - passed, now=NOON, zone=UTC) == words


def test_yesterday_is_the_organisations_yesterday():
    late_evening_in_utc = datetime(2026, 3, 11, 23, 30, tzinfo=UTC)

    assert filters.ago(late_evening_in_utc, now=NOON, zone=UTC) == "yesterday"
    assert filters.ago(late_evening_in_utc, now=NOON, zone=BERLIN) == "12 h ago"


def test_a_date_names_its_year_only_when_it_is_another_one():
    assert filters.short_date(NOON, now=NOON, zone=UTC) == "12 Mar"
    assert filters.short_date(date(2026, 4, 1), now=NOON, zone=UTC) == "1 Apr"
    assert filters.short_date(date(2023, 1, 3), now=NOON, zone=UTC) == "3 Jan 2023"


def test_the_year_changes_when_it_changes_for_the_organisation():
    new_year_in_berlin = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert filters.short_date(new_year_in_berlin, now=NOON, zone=UTC) == "31 Dec"
    assert filters.short_date(new_year_in_berlin, now=NOON, zone=BERLIN) == "1 Jan 2027"


def test_the_full_instant_names_weekday_year_and_zone():
    assert filters.full_instant(NOON, zone=BERLIN) == "Thursday 12 March 2026, 13:00 CET"
    assert filters.full_instant(date(2026, 3, 12), zone=BERLIN) == "Thursday 12 March 2026"


def test_a_time_of_day_names_its_date_unless_it_is_today():
    assert filters.clock_time(NOON, now=NOON, zone=BERLIN) == "13:00"
    assert filters.clock_time(NOON + timedelta(days=1), now=NOON, zone=BERLIN) == "13 Mar, 13:00"


def test_the_machine_reads_utc():
    assert filters.iso(NOON.astimezone(BERLIN)) == "2026-03-12T12:00:00Z"
    assert filters.iso(date(2026, 3, 12)) == "2026-03-12"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min"),
        (10, "10 min"),
        (60, "1 h"),
        (90, "1 h 30 min"),
        (24 * 60, "1 day"),
        (3 * 24 * 60 + 240, "3 days 4 h"),
        (timedelta(hours=4), "4 h"),
    ],
)
def test_a_duration_is_said_exactly(minutes, words):
    assert filters.duration(minutes) == words


def test_one_is_singular_and_thousands_are_grouped():
    assert filters.plural(1, "person", "people") == "1 person"
    assert filters.plural(6, "person", "people") == "6 people"
    assert filters.plural(0, "item") == "0 items"
    assert filters.plural(12500, "item") == "12 500 items"


def test_templates_get_the_filters_bound_to_the_clock_and_the_zone():
    app = Flask(__name__)
    filters.register(app, now=lambda: NOON, zone=BERLIN)

    with app.app_context():
        words = render_template_string(
            "{{ x|iso }} {{ x|short_date }} {{ x|full_instant }} {{ x|clock_time }} {{ x|ago }} "
            "{{ x|until }} {{ 90|duration }} {{ 2|plural('row') }}",
            x=NOON,
        )

    assert words == (
        "2026-03-12T12:00:00Z 12 Mar Thursday 12 March 2026, 13:00 CET 13:00 just now "
        "now 1 h 30 min 2 rows"
    )
