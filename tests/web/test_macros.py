"""The macros that every page is made of."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, render_template_string
from jinja2 import StrictUndefined

from uar.models import states
from uar.web import filters

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
NOUNS = {
    "campaign": states.CampaignState,
    "item": states.ItemState,
    "request": states.RequestState,
    "step": states.StepState,
    "grant": states.GrantState,
    "order": states.OrderState,
    "run": states.RunState,
    "connector": states.ConnectorState,
    "incident": states.IncidentState,
}
Render = Callable[..., str]


@pytest.fixture
def render() -> Render:
    """Render a template from text, as a page of the app would be rendered."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"))
    app.jinja_env.undefined = StrictUndefined
    filters.register(app, now=lambda: NOON, zone=UTC)

    def from_text(source: str, **context: object) -> str:
        with app.app_context():
            return render_template_string(source, **context)

    return from_text


@pytest.mark.parametrize(("noun", "enum"), NOUNS.items())
def test_every_state_has_a_word_of_its_own(render, noun, enum):
    source = '{% from "macros/tag.html" import STATES %}{{ STATES[noun] | join(" ") }}'

    known = render(source, noun=noun).split()

    assert set(known) >= {state.value for state in enum}


def test_a_state_is_said_by_word_and_tone(render):
    source = '{% from "macros/tag.html" import state_tag %}{{ state_tag("item", state) }}'

    assert render(source, state=states.ItemState.REVOKED) == (
        '<span class="tag" data-tone="bad">removed</span>'
    )


def test_a_table_without_rows_says_why(render):
    source = """{% from "macros/table.html" import list_table %}
    {% call(row) list_table("Apps", [{"label": "Name"}], rows=rows, empty="No apps yet.") %}
    <th scope="row">{{ row }}</th>{% endcall %}"""

    assert "<table" not in render(source, rows=[])
    assert "No apps yet." in render(source, rows=[])
    assert "<caption>Apps</caption>" in render(source, rows=["CRM"])
    assert '<th scope="row">CRM</th>' in render(source, rows=["CRM"])


def test_a_problem_is_said_at_the_top_and_beside_its_field(render):
    source = """{% from "macros/form.html" import problems, text %}
    {{ problems({"name": "Give it a name."}) }}
    {{ text("name", "Name", "typed", "Give it a name.") }}"""

    page = render(source)

    assert '<a href="#f-name">Give it a name.</a>' in page
    assert 'id="f-name" name="name" value="typed"' in page
    assert 'aria-describedby="p-name" aria-invalid="true"' in page


@pytest.mark.parametrize(
    ("kind", "control"),
    [
        ("text", 'type="text"'),
        ("url", 'type="url"'),
        ("number", 'type="number"'),
        ("date", 'type="date"'),
        ("minutes", 'min="1"'),
        ("textarea", "<textarea"),
        ("choice", "<select"),
        ("yes_no", 'type="checkbox"'),
        ("secret", 'type="password"'),
    ],
)
def test_every_kind_of_field_has_its_control_and_a_label(render, kind, control):
    field = SimpleNamespace(
        name="x",
        label="The label",
        help="The help",
        required=True,
        kind=kind,
        choices=("us", "eu"),
        secret=kind == "secret",
    )

    html = render('{% from "macros/form.html" import field %}{{ field(f, "") }}', f=field)

    assert control in html
    assert "The label" in html
    assert 'aria-describedby="h-x"' in html


def test_a_stored_secret_is_never_sent_back(render):
    source = """{% from "macros/form.html" import field %}{{ field({"name": "key", "label": "Key",
    "help": "", "required": true, "kind": "secret", "choices": (), "secret": true}, stored) }}"""

    html = render(source, stored="set 12 March")

    assert "It is set 12 March. Leave empty to keep it." in html
    assert " value=" not in html
    assert " required" not in html


def test_time_left_warns_in_the_last_fifth(render):
    source = '{% from "macros/when.html" import time_left %}{{ time_left(at, share) }}'

    assert 'data-tone="warn"' in render(source, at=NOON, share=0.19)
    assert 'data-tone="warn"' not in render(source, at=NOON, share=0.2)


def test_what_people_typed_is_escaped(render):
    source = """{% from "macros/person.html" import person %}
    {% from "macros/tag.html" import tag %}{{ person(name) }}{{ tag(name) }}"""

    assert "<script>" not in render(source, name="<script>")
