"""Reassigning and passing on as one sees it: from the dashboard, the queue and the inbox."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from tests.world_requests import account_of, answer, ask, manage, now_of, own, steps_of
from tests.world_reviews import Reviews, crowd
from uar.models import AccessRequest, AuditEntry, ReviewItem, StepHandover
from uar.models.kinds import Approval, Risk, Role, Verdict
from uar.models.states import RequestState

LEAVE = "on leave until May"
ROWS_QUERIES = 11
"""Who asks (3), the menu (1), the campaign and the rows (4), whom one can choose (3)."""


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_a_late_reviewers_rows_are_reassigned_from_the_dashboard(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    campaign_id = crowd(review_world, 3)
    hers = browser.as_(world.cam)
    dashboard = hers.get(f"/campaigns/{campaign_id}")

    page = hers.get(dashboard.links()["Reassign 3…"])
    after = hers.submit(
        page.form(f"/campaigns/{campaign_id}/handover"), to="Sam Hill", reason=LEAVE
    )

    assert page.h1 == "Reassign what Max Roth has not decided"
    assert [row[0] for row in page.rows("Undecided: 3 rows")] == [
        "P000 Doe", "P001 Doe", "P002 Doe",
    ]  # fmt: skip
    assert after.said()[0] == "3 rows passed on to Sam Hill."
    assert [row[:2] for row in after.rows("Reviewers")] == [["Sam Hill", "0 of 3"]]
    assert f"Cam Lee gave 3 rows of Max Roth to Sam Hill ({LEAVE})" in after.text
    assert browser.as_(world.sam).get(f"/reviews/{campaign_id}").rows("Access to review")


def test_what_stays_is_said_with_its_count(lite: Reviews, lite_browser: Browser) -> None:
    campaign_id = crowd(lite, 2)
    cam = lite_browser.as_(lite.world.cam)
    form = cam.get(f"/campaigns/{campaign_id}/handover?reviewer={lite.world.max.id}").form(
        f"/campaigns/{campaign_id}/handover"
    )

    after = cam.submit(form, to="P000 Doe", reason=LEAVE)

    assert after.said() == [
        "1 row passed on to P000 Doe. Left where it is: one row is P000 Doe’s own access."
    ]


@pytest.mark.parametrize(
    ("to", "reason", "problem"),
    [
        ("", LEAVE, "Say whom: a name or a mail address."),
        ("Nemo", LEAVE, "Nobody who works here has this name or mail address."),
        ("Sam Hill", "", "Say why."),
    ],
)
def test_what_cannot_be_used_is_said_and_what_was_typed_is_kept(
    lite: Reviews, lite_browser: Browser, to: str, reason: str, problem: str
) -> None:
    campaign_id = crowd(lite, 2)
    cam = lite_browser.as_(lite.world.cam)
    path = f"/campaigns/{campaign_id}/handover"
    form = cam.get(f"{path}?reviewer={lite.world.max.id}").form(path)

    page = cam.submit(form, 422, to=to, reason=reason)

    assert page.problems() == [problem]
    kept = page.form(path).fields
    assert (kept["to"], kept["reason"], kept["reviewer"]) == (to, reason, str(lite.world.max.id))
    assert {item.reviewer_id for item in lite.world.all(ReviewItem)} == {lite.world.max.id}


def test_l28_what_a_law_forbids_is_said_in_place_and_in_the_record(
    lite: Reviews, lite_browser: Browser
) -> None:
    campaign_id = crowd(lite, 2)
    cam = lite_browser.as_(lite.world.cam)
    path = f"/campaigns/{campaign_id}/handover"
    form = cam.get(f"{path}?reviewer={lite.world.max.id}").form(path)

    page = cam.submit(form, 400, to="Cam Lee", reason=LEAVE)

    assert page.problems() == ["You cannot give them to yourself."]
    assert page.form(path).fields["reason"] == LEAVE
    [entry] = [e for e in lite.world.all(AuditEntry) if e.action == "campaign.refused"]
    assert (entry.actor_id, entry.reason) == (lite.world.cam.id, page.problems()[0])


def test_rows_without_a_reviewer_are_reassigned_too(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant()
    campaign = lite.staged()
    lite.set(ReviewItem, lite.item(campaign).id, reviewer_id=None)
    cam = lite_browser.as_(lite.world.cam)

    page = cam.get(cam.get(f"/campaigns/{campaign.id}").links()["Reassign 1…"])
    cam.submit(page.form(f"/campaigns/{campaign.id}/handover"), to="Sam Hill", reason=LEAVE)

    assert lite.item(campaign).reviewer_id == lite.world.sam.id


def test_there_is_no_button_where_nothing_is_undecided_or_one_may_only_look(
    lite: Reviews, lite_browser: Browser
) -> None:
    lite.world.grant()
    campaign = lite.opened()
    lite.role(lite.world.sam, Role.AUDITOR)
    assert "Reassign" not in lite_browser.as_(lite.world.sam).get(f"/campaigns/{campaign.id}").text

    lite.decide(lite.item(campaign), Verdict.CERTIFY)

    cam = lite_browser.as_(lite.world.cam)
    assert "Reassign" not in cam.get(f"/campaigns/{campaign.id}").text
    cam.get(f"/campaigns/{campaign.id}/handover?reviewer={lite.world.max.id}", status=409)


def test_a_row_is_passed_on_from_the_queue_without_script(
    review_world: Reviews, browser: Browser
) -> None:
    world = review_world.world
    campaign_id = crowd(review_world, 2)
    mine = browser.as_(world.max)
    first = world.all(ReviewItem)[0]
    row = mine.get(f"/reviews/{campaign_id}").root.all("tr", id=f"item-{first.id}")[0]

    page = mine.get(row.all("a", class_="else")[0]["href"])
    after = mine.submit(page.form(f"/reviews/{campaign_id}/handover"), to="Sam Hill", reason=LEAVE)

    assert page.h1 == "Pass on 1 row"
    assert after.h1 == "Finance apps, Q1"
    assert after.said()[0] == "1 row passed on to Sam Hill."
    assert [row[1] for row in after.rows("Access to review") if len(row) > 1] == ["P001 Doe"]
    facts = browser.as_(world.sam).get(f"/reviews/items/{first.id}").text
    assert "Max Roth until" in facts
    assert LEAVE in facts


def test_a_selection_is_passed_on_and_what_was_typed_goes_with_it(
    lite: Reviews, lite_browser: Browser
) -> None:
    campaign_id = crowd(lite, 3)
    first, second, _ = (item.id for item in lite.world.all(ReviewItem))
    mine = lite_browser.as_(lite.world.max)
    bulk = mine.get(f"/reviews/{campaign_id}").root.all("form", id="bulk")[0]
    assert [b["formaction"] for b in bulk.all("button") if b.get("formaction")] == [
        f"/reviews/{campaign_id}/handover"
    ]

    page = mine.get(f"/reviews/{campaign_id}/handover?items={first}&items={second}&reason={LEAVE}")
    form = page.form(f"/reviews/{campaign_id}/handover")
    mine.post(
        form.action, to="sam@example.test", reason=form.fields["reason"], items=[first, second]
    )

    assert page.h1 == "Pass on 2 rows"
    assert [item.reviewer_id for item in lite.world.all(ReviewItem)] == [
        lite.world.sam.id, lite.world.sam.id, lite.world.max.id,
    ]  # fmt: skip


def test_whoever_passed_her_last_row_on_comes_back_to_her_reviews(
    lite: Reviews, lite_browser: Browser
) -> None:
    campaign_id = crowd(lite, 1)
    item = lite.world.all(ReviewItem)[0]
    mine = lite_browser.as_(lite.world.max)

    after = mine.post(
        f"/reviews/{campaign_id}/handover", to="Sam Hill", reason=LEAVE, items=item.id
    )

    assert after.said() == ["1 row passed on to Sam Hill."]
    assert "Nothing to review." in after.text


def test_high_risk_is_passed_on_from_its_row(lite: Reviews, lite_browser: Browser) -> None:
    lite.world.grant(entitlement=lite.world.entitlement(risk=Risk.HIGH))
    campaign = lite.opened()

    links = lite_browser.as_(lite.world.max).get(f"/reviews/{campaign.id}").links()

    assert "pass on" in links


@pytest.mark.parametrize("query", ["", "?items=", "?items=x", "?items=99999999999", "?items=0"])
def test_rows_that_are_not_there_are_not_passed_on(
    lite: Reviews, lite_browser: Browser, query: str
) -> None:
    campaign_id = crowd(lite, 1)
    mine = lite_browser.as_(lite.world.max)

    answer_ = mine.client.get(f"/reviews/{campaign_id}/handover{query}")

    assert answer_.status_code in (303, 404)
    mine.post(f"/reviews/{campaign_id}/handover", 404, to="Sam Hill", reason=LEAVE, items="999")


@pytest.mark.parametrize("who", ["sam", "ada"])
def test_a_stranger_finds_no_page_to_pass_anything_on(
    lite: Reviews, lite_browser: Browser, who: str
) -> None:
    campaign_id = crowd(lite, 1)
    item = lite.world.all(ReviewItem)[0]
    account_of(lite.world, lite.world.ada)
    request = ask(lite.world, lite.world.entitlement())
    browser = lite_browser.as_(getattr(lite.world, who))

    for path in (
        f"/campaigns/{campaign_id}/handover?reviewer={lite.world.max.id}",
        f"/reviews/{campaign_id}/handover?items={item.id}",
    ):
        browser.get(path, status=404)
    browser.get(f"/requests/{request.id}/handover", status=404 if who == "sam" else 403)


@pytest.mark.parametrize("n", [2, 40])
def test_the_page_to_pass_on_costs_the_same_queries_however_many_rows(
    lite: Reviews, lite_browser: Browser, n: int
) -> None:
    campaign_id = crowd(lite, n)
    mine = lite_browser.as_(lite.world.max)
    items = "&".join(f"items={item.id}" for item in lite.world.all(ReviewItem))

    with asserts_queries(ROWS_QUERIES, lite.world.engine):
        mine.get(f"/reviews/{campaign_id}/handover?{items}")


def _request(world: World, **values: object) -> AccessRequest:
    account_of(world, world.ada)
    return ask(world, world.entitlement(**values), minutes=240)  # type: ignore[arg-type]


def test_a_step_is_passed_on_from_the_inbox_and_decided(world: World, browser: Browser) -> None:
    request = _request(world)
    mine = browser.as_(world.max)
    inbox = mine.get("/requests")
    assert f"/requests/{request.id}/handover" in inbox.links().values()

    page = mine.get(f"/requests/{request.id}/handover")
    after = mine.submit(page.form(f"/requests/{request.id}/handover"), to="Sam Hill", reason=LEAVE)

    assert page.h1 == "Pass on: CRM · Admins member for Ada Byrne"
    assert after.said() == ["Passed on to Sam Hill: Ada Byrne, CRM · Admins member."]
    assert "Nobody is waiting for you." in after.text
    sam = browser.as_(world.sam)
    [row] = sam.get("/requests").rows("Requests that wait for you")
    assert f"Max Roth passed it on to Sam Hill: “{LEAVE}”" in row[1]
    form = sam.get(f"/requests/{request.id}").form(f"/requests/{request.id}/decision")
    sam.post(form.action, **form.fields, verdict="approve")
    assert now_of(world, request).state is RequestState.APPROVED
    assert steps_of(world, request)[0].decided_by == world.sam.id


def test_the_page_of_the_request_says_who_has_it_and_why(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)
    lite_browser.as_(lite_world.max).post(
        f"/requests/{request.id}/handover", to="Sam Hill", reason=LEAVE, step=1
    )

    page = lite_browser.as_(lite_world.ada).get(f"/requests/{request.id}")

    assert page.rows("Who decides")[0][1] == "Sam Hill (passed on by Max Roth)"
    assert page.rows("Log")[0][1] == f"Max Roth passed this step on to Sam Hill ({LEAVE})"


@pytest.mark.parametrize(
    ("to", "reason", "problem"),
    [
        ("Max Roth", LEAVE, "It is with you already."),
        ("Sam", LEAVE, "Nobody is called exactly that. Do you mean Sam Hill (sam@example.test)?"),
        ("Sam Hill", "", "Say why."),
    ],
)
def test_a_step_that_cannot_go_there_stays_and_what_was_typed_is_kept(
    lite_world: World, lite_browser: Browser, to: str, reason: str, problem: str
) -> None:
    request = _request(lite_world)
    path = f"/requests/{request.id}/handover"
    mine = lite_browser.as_(lite_world.max)

    page = mine.submit(mine.get(path).form(path), 422, to=to, reason=reason)

    assert page.problems() == [problem]
    assert page.form(path).fields == {"step": "1", "to": to, "reason": reason}
    assert lite_world.all(StepHandover) == []


def test_l20_l28_a_step_for_whoever_asked_is_refused_in_place_and_in_the_record(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)
    path = f"/requests/{request.id}/handover"
    mine = lite_browser.as_(lite_world.max)

    page = mine.submit(mine.get(path).form(path), 400, to="Ada Byrne", reason=LEAVE)

    assert page.problems() == ["Nobody decides about their own request."]
    assert page.form(path).fields["reason"] == LEAVE
    [entry] = [e for e in lite_world.all(AuditEntry) if e.action == "access_request.refused"]
    assert entry.actor_id == lite_world.max.id
    assert lite_world.all(StepHandover) == []


def test_somebody_who_was_slower_learns_who_decided(
    lite_world: World, lite_browser: Browser
) -> None:
    own(lite_world, lite_world.rita, lite_world.cam)
    request = _request(lite_world, approval=Approval.OWNER)
    path = f"/requests/{request.id}/handover"
    cam = lite_browser.as_(lite_world.cam)
    form = cam.get(path).form(path)
    answer(lite_world, request, lite_world.rita)

    page = cam.submit(form, 409, to="Sam Hill", reason=LEAVE)

    assert "Rita Ortiz approved this a minute ago." in page.text
    assert any(e.action == "access_request.refused" for e in lite_world.all(AuditEntry))


def test_l27_the_page_is_gone_for_whoever_is_not_the_manager_any_more(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)
    manage(lite_world, lite_world.ada, lite_world.rita)

    lite_browser.as_(lite_world.max).get(f"/requests/{request.id}/handover", status=404)
