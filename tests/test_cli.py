"""The `uar` command as scripts use it, where it calls no vendor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.shell import Terminal
from tests.shell import plain_environ as plain_environ

pytestmark = pytest.mark.slow


@pytest.fixture
def alone(tmp_path: Path, plain_environ: dict[str, str]) -> Terminal:
    """A terminal for commands that call no vendor."""
    return Terminal(tmp_path, plain_environ)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, plain_environ: dict[str, str]) -> Terminal:
    """A terminal whose database is there and stays empty."""
    return Terminal(tmp_path_factory.mktemp("empty"), plain_environ)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("inventory", "--app", "Nothing"), "There is no app called Nothing"),
        (("connectors", "check", "9"), "no such connector"),
        (("sync", "9"), "no such connector"),
        (("roles", "give", "nobody@example.test", "auditor"), "nobody@example.test"),
        (("owners", "add", "--app", "Nothing", "a@example.test"), "no app called Nothing"),
        (("connectors", "add", "jumpcloud", "--app", "D"), "API key is missing"),
        (
            ("connectors", "add", "jumpcloud", "--app", "D", "--api-key", "k", "--region", "mars"),
            "Region must be one of us, eu, in",
        ),
        (
            ("connectors", "add", "jumpcloud", "--app", "D", "--api-key-file", "/nowhere/key"),
            "/nowhere/key",
        ),
        (
            ("connectors", "add", "jumpcloud", "--app", "D", "--api-key", "k",
             "--base-url", "http://10.0.0.1"),
            "UAR_ALLOW_PRIVATE_HOSTS",
        ),
        (("connectors", "add", "jumpcloud", "--app", " ", "--api-key", "k"), "Name the app"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_sentence(
    words: tuple[str, ...], sentence: str, empty: Terminal
) -> None:
    refused = empty.uar(*words)

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_command_line_that_makes_no_sense_exits_2(empty: Terminal) -> None:
    assert empty.uar("connectors", "add", "nosuchkind", "--app", "D").returncode == 2
    assert empty.uar().returncode == 2


def test_a_misspelt_setting_is_an_error(empty: Terminal) -> None:
    refused = empty.uar("connectors", "list", UAR_UNDO_SECOND="5")

    assert refused.returncode == 1
    assert "UAR_UNDO_SECOND is not a setting" in refused.stderr


def test_an_older_database_is_refused_until_it_is_migrated(alone: Terminal) -> None:
    (alone.folder / "uar.db").touch()

    refused = alone.uar("connectors", "list")
    migrated = alone.uar("migrate")
    listed = alone.uar("connectors", "list")

    assert (refused.returncode, migrated.returncode, listed.returncode) == (1, 0, 0)
    assert "run uar migrate" in refused.stderr


def test_a_database_that_does_not_answer_is_said_in_one_sentence(empty: Terminal) -> None:
    url = "postgresql+psycopg://uar@127.0.0.1:1/uar"

    refused = empty.uar("connectors", "list", UAR_DATABASE_URL=url)

    assert refused.returncode == 1
    assert refused.stderr.startswith("uar: The database does not answer")
    assert refused.stderr.count("\n") == 1


def test_settings_show_their_origin_and_no_secret(empty: Terminal) -> None:
    shown = empty.uar("settings", "--json", UAR_UNDO_SECONDS="5", UAR_SECRET_KEY="not-to-be-seen")

    by_name = {setting["name"]: setting for setting in json.loads(shown.stdout)}
    assert by_name["UAR_UNDO_SECONDS"]["value"] == "5"
    assert by_name["UAR_LEASE_SECONDS"]["origin"] == "default"
    assert by_name["UAR_SECRET_KEY"]["value"] == "set"
    assert "not-to-be-seen" not in shown.stdout


def test_the_kinds_of_connectors_are_listed_with_their_fields(empty: Terminal) -> None:
    kinds = empty.json("connectors", "kinds")

    (jumpcloud,) = [kind for kind in kinds if kind["kind"] == "jumpcloud"]
    assert {"name": "api_key", "flag": "--api-key", "env": "UAR_JUMPCLOUD_API_KEY"}.items() <= (
        jumpcloud["fields"][0].items()
    )
