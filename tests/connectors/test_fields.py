"""What one declaration of settings gives."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, dataclass
from typing import ClassVar

import pytest

from connectors.address import allowance
from connectors.fields import (
    Problems,
    Secret,
    base_url_field,
    field,
    fields,
    parse,
    plain,
    redact,
    secrets,
    shown,
)


@dataclass(frozen=True, slots=True)
class Crm:
    kind: ClassVar[str] = "crm"

    api_key: Secret = field("API key", help="Profile, API key")
    plan: str = field("Plan", help="What you pay for", default="basic", choices=("basic", "pro"))
    page_size: int = field("Page size", help="Rows per page", default=100)
    archived: bool = field("Archived", help="Read archived ones too", default=False)
    base_url: str = base_url_field()


def by_name(name: str):
    return next(each for each in fields(Crm) if each.name == name)


def problems(values: dict[str, str]) -> dict[str, str]:
    with pytest.raises(Problems) as raised:
        parse(Crm, values)
    return raised.value.problems


def test_a_declaration_names_its_environment_variable_and_flag():
    key = by_name("api_key")

    assert (key.env, key.flag) == ("UAR_CRM_API_KEY", "--api-key")
    assert (key.label, key.help) == ("API key", "Profile, API key")


def test_a_field_without_default_is_required():
    assert [each.name for each in fields(Crm) if each.required] == ["api_key"]


def test_the_type_and_the_choices_give_the_kind_of_input():
    kinds = {each.name: each.kind for each in fields(Crm)}

    assert kinds == {
        "api_key": "secret",
        "plan": "choice",
        "page_size": "number",
        "archived": "yes_no",
        "base_url": "url",
    }


def test_defaults_are_text_and_those_of_secrets_are_empty():
    defaults = {each.name: each.default for each in fields(Crm)}

    assert defaults == {
        "api_key": "", "plan": "basic", "page_size": "100", "archived": "no", "base_url": "",
    }  # fmt: skip


def test_every_connector_has_an_advanced_base_url():
    assert by_name("base_url").advanced
    assert not by_name("api_key").advanced


def test_text_becomes_a_config_and_blank_means_default():
    config = parse(Crm, {"api_key": " k-1 ", "plan": "", "page_size": "50", "archived": "on"})

    assert config == Crm(Secret("k-1"), "basic", 50, True, "")


def test_all_problems_come_at_once():
    found = problems({"plan": "gold", "page_size": "many", "archived": "perhaps", "colour": "red"})

    assert found == {
        "api_key": "API key is missing.",
        "plan": "Plan must be one of basic, pro.",
        "page_size": "Page size must be a whole number.",
        "archived": "Archived must be yes or no.",
        "colour": "There is no setting called colour.",
    }


def test_a_key_with_characters_that_no_key_has_is_a_problem_that_does_not_repeat_it():
    found = problems({"api_key": "kéy"})

    assert "copy it again" in found["api_key"]
    assert "kéy" not in found["api_key"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("crm.example", "must begin with https://"),
        ("ftp://crm.example", "must begin with https://"),
        ("http://crm.example", "http is only for hosts in UAR_ALLOW_PRIVATE_HOSTS"),
        ("https://127.0.0.1", "private address"),
        ("https://[::ffff:10.0.0.1]", "private address"),
        ("https://localhost", "private address"),
        ("https://169.254.169.254", "private address"),
        ("https://me:secret@crm.example", "must not contain a user name"),
        ("https://crm.example/?key=1", "must not contain a user name"),
        ("https://crm.example:port", "not an address"),
    ],
)
def test_a_base_url_that_may_not_be_called_is_a_problem(url, why):
    assert why in problems({"api_key": "k", "base_url": url})["base_url"]


def test_http_is_fine_for_a_private_host_that_is_named():
    config = parse(
        Crm,
        {"api_key": "k", "base_url": "http://127.0.0.1:9/"},
        allow_private=allowance("127.0.0.1"),
    )

    assert config.base_url == "http://127.0.0.1:9"


def test_plain_values_read_back_as_the_same_config():
    config = parse(Crm, {"api_key": "k-1", "archived": "yes", "page_size": "7"})

    assert parse(Crm, plain(config)) == config


def test_shown_values_hide_the_secret_and_say_whether_it_is_set():
    assert shown(Crm(Secret("k-1")))["api_key"] == "••••••"
    assert shown(Crm(Secret("")))["api_key"] == ""


def test_a_secret_never_prints():
    config = Crm(Secret("hunter2-key"))
    printed = [
        repr(config),
        str(config),
        f"{config.api_key} {config.api_key!r} {config.api_key:>20}",
        str(asdict(config)),
        str(copy.deepcopy(config)),
        repr(vars(Problems({"api_key": "x"}))),
    ]

    assert not [text for text in printed if "hunter2" in text]
    assert config.api_key.reveal() == "hunter2-key"


def test_a_secret_is_not_pickled():
    with pytest.raises(TypeError, match="seal it"):
        pickle.dumps(Secret("hunter2"))


def test_secrets_compare_by_content():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_text_is_redacted_of_every_secret_that_is_set():
    config = Crm(Secret("hunter2"))

    assert redact("key hunter2 was bad", secrets(config)) == "key •••••• was bad"
    assert secrets(Crm(Secret(""))) == ()
