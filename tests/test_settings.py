"""Settings are read once, all problems are named at once, secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from uar.errors import Invalid
from uar.settings import effective, load


def test_without_an_environment_the_defaults_hold() -> None:
    settings = load({})

    assert settings.undo_seconds == 600
    assert settings.database.endswith("var/uar.db")


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        load({"UAR_UNDO_SECOND": "5", "UAR_LAPSE_DAYS": "many", "UAR_TIME_ZONE": "Mars/Base"})

    assert set(caught.value.problems) == {"UAR_UNDO_SECOND", "UAR_LAPSE_DAYS", "UAR_TIME_ZONE"}


def test_names_of_connector_fields_are_not_spelling_mistakes() -> None:
    load({"UAR_JUMPCLOUD_API_KEY": "k"})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-file\n")

    assert load({"UAR_SECRET_KEY_FILE": str(file)}).keys() == ("from-file",)


def test_the_listing_says_where_a_value_came_from_and_hides_secrets() -> None:
    listed = {row.name: row for row in effective({"UAR_SECRET_KEY": "k", "UAR_LAPSE_DAYS": "3"})}

    assert (listed["UAR_LAPSE_DAYS"].value, listed["UAR_LAPSE_DAYS"].origin) == (
        "3",
        "UAR_LAPSE_DAYS",
    )
    assert listed["UAR_SECRET_KEY"].value == "set"
    assert listed["UAR_UNDO_SECONDS"].origin == "default"


def test_the_demo_refuses_to_listen_beyond_loopback() -> None:
    with pytest.raises(Invalid, match="loopback only"):
        load({"UAR_DEMO": "1", "UAR_LISTEN": "0.0.0.0:8000"})


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = load({"UAR_DATA_DIR": str(tmp_path)})

    first = settings.keys()

    assert settings.keys() == first
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_the_password_in_the_database_address_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql+psycopg://uar:pa55word@db.example/uar"
    file = tmp_path / "url"
    file.write_text(url)

    for environ in ({"UAR_DATABASE_URL": url}, {"UAR_DATABASE_URL_FILE": str(file)}):
        assert load(environ).database == url
        assert "pa55word" not in str(effective(environ))
