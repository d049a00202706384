"""The catalogue, my access, asking, giving back and more time, as one sees them."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from tests.world_requests import WHY, account_of, after, answer, ask, orders_of, prove
from uar import clock
from uar.approvals import Answer
from uar.grants import ended
from uar.models import AccessRequest, Entitlement, Grant
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Approval, Cause, OrderKind, OrderReason, Risk
from uar.models.states import GrantState, RequestState

QUERIES = 35


def _running(world: World, minutes: int = 60) -> tuple[Entitlement, Grant]:
    account_of(world, world.ada)
    right = world.entitlement()
    request = ask(world, right, minutes=minutes)
    answer(world, request, world.max)
    prove(world, orders_of(world, request)[0])
    return right, world.all(Grant)[0]


def test_a_search_says_who_holds_it_who_decides_and_for_how_long(
    lite_world: World, lite_browser: Browser
) -> None:
    account_of(lite_world, lite_world.ada)
    lite_world.entitlement(
        "Invoices", approval=Approval.MANAGER_OWNER, risk=Risk.HIGH, max_minutes=240
    )

    page = lite_browser.as_(lite_world.ada).get("/access?q=invoices")

    [row] = page.rows("Results for “invoices”")
    assert row[0].startswith("CRM · Invoices member")
    assert "high risk" in row[0]
    assert row[1:4] == ["nobody yet", "Max Roth, then Rita Ortiz", "4 h"]


def test_without_a_search_nothing_is_listed_and_with_an_empty_one_everything(
    lite_world: World, lite_browser: Browser
) -> None:
    account_of(lite_world, lite_world.ada)
    lite_world.entitlement()
    browser = lite_browser.as_(lite_world.ada)

    assert "What you can ask for" not in browser.get("/access").tables()
    assert len(browser.get("/access?q=").rows("What you can ask for")) == 1
    assert browser.get("/access?q=nothing").rows("Results for") == []


def test_more_results_than_a_page_go_on_without_a_gap(
    lite_world: World, lite_browser: Browser
) -> None:
    account_of(lite_world, lite_world.ada)
    for n in range(55):
        lite_world.entitlement(f"Group {n:02}")
    browser = lite_browser.as_(lite_world.ada)

    first = browser.get("/access?q=group")
    second = browser.get(first.links()["More results"])

    assert len(first.rows("Results")) == 50
    assert len(second.rows("Results")) == 5
    assert "More results" not in second.links()


def test_asking_by_the_form_files_a_request(lite_world: World, lite_browser: Browser) -> None:
    account_of(lite_world, lite_world.ada)
    right = lite_world.entitlement()
    browser = lite_browser.as_(lite_world.ada)
    page = browser.get(f"/access/{right.id}/request")
    assert "Max Roth" in page.text

    page = browser.submit(page.form("/requests"), minutes="240", reason=WHY)

    assert page.said() == ["Asked. You are told as soon as it is decided."]
    [request] = lite_world.all(AccessRequest)
    assert (request.minutes, request.reason) == (240, WHY)


def test_asking_again_begins_with_what_was_asked_before(
    lite_world: World, lite_browser: Browser
) -> None:
    account_of(lite_world, lite_world.ada)
    request = ask(lite_world, lite_world.entitlement(), minutes=25)
    answer(lite_world, request, lite_world.max, Answer.DENY, reason="not now")
    browser = lite_browser.as_(lite_world.ada)
    link = next(href for href in browser.get("/access").links().values() if "minutes=" in href)

    fields = browser.get(link).form("/requests").fields

    assert (fields["minutes"], fields["other_minutes"]) == (["other"], "25")


def test_another_length_may_be_typed(lite_world: World, lite_browser: Browser) -> None:
    account_of(lite_world, lite_world.ada)
    right = lite_world.entitlement()
    browser = lite_browser.as_(lite_world.ada)

    browser.post("/requests", entitlement=right.id, minutes="other", other_minutes=10, reason=WHY)

    assert lite_world.all(AccessRequest)[0].minutes == 10


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"minutes": "60", "reason": "no"}, "Say in a few words what you need it for."),
        ({"minutes": "", "reason": WHY}, "Say for how long: a minute at least."),
        ({"minutes": "other", "other_minutes": "5000", "reason": WHY}, "The longest is 1 day."),
        ({"minutes": "-5", "reason": WHY}, "Say for how long: a minute at least."),
        ({"minutes": "9" * 5000, "reason": WHY}, "How long is too long: at most 15 characters."),
        (
            {"minutes": "other", "other_minutes": "1.5", "reason": WHY},
            "How long must be a whole number.",
        ),
        (
            {"minutes": "other", "other_minutes": "9" * 18, "reason": WHY},
            "How long: type a smaller number.",
        ),
        ({"minutes": "60", "reason": "x" * 1001}, "Why is too long: at most 1000 characters."),
    ],
)
def test_what_will_not_do_is_said_beside_the_field_and_what_was_typed_is_kept(
    lite_world: World, lite_browser: Browser, data: dict[str, str], problem: str
) -> None:
    account_of(lite_world, lite_world.ada)
    right = lite_world.entitlement()

    page = lite_browser.as_(lite_world.ada).post(
        "/requests", status=422, entitlement=right.id, **data
    )

    assert page.problems() == [problem]
    assert page.form("/requests").fields["reason"] == data["reason"]
    assert lite_world.all(AccessRequest) == []


def test_a_form_that_names_no_access_is_about_nothing(
    lite_world: World, lite_browser: Browser
) -> None:
    browser = lite_browser.as_(lite_world.ada)

    for forged in ({}, {"entitlement": "x"}, {"entitlement": "0"}):
        browser.post("/requests", 404, minutes="60", reason=WHY, **forged)


def test_asking_twice_shows_the_way_to_the_open_request(
    lite_world: World, lite_browser: Browser
) -> None:
    account_of(lite_world, lite_world.ada)
    right = lite_world.entitlement()
    request = ask(lite_world, right)
    browser = lite_browser.as_(lite_world.ada)

    page = browser.post("/requests", 400, entitlement=right.id, minutes="60", reason=WHY)

    assert f"/requests/{request.id}" in page.links().values()
    row = browser.get("/access?q=").rows("What you can ask for")[0]
    assert row[-1].startswith("You asked for it")


def test_what_is_not_offered_is_not_found(lite_world: World, lite_browser: Browser) -> None:
    account_of(lite_world, lite_world.ada)
    right = lite_world.entitlement(requestable=False)
    browser = lite_browser.as_(lite_world.ada)

    browser.get(f"/access/{right.id}/request", status=404)
    browser.post("/requests", 404, entitlement=right.id, minutes="60", reason=WHY)


def test_my_access_says_until_when(lite_world: World, lite_browser: Browser) -> None:
    _running(lite_world, 60)

    page = lite_browser.as_(lite_world.ada).get("/access")

    [row] = page.rows("My access")
    assert row[0] == "CRM · Admins member"
    assert row[1].startswith("ends in 1 h")
    assert "Extend 1 h" in row[3]


def test_more_time_is_one_press(lite_world: World, lite_browser: Browser) -> None:
    _, grant = _running(lite_world, 60)
    browser = lite_browser.as_(lite_world.ada)
    form = browser.get("/access").form(f"/grants/{grant.id}/extension")

    page = browser.post(form.action, minutes=60)

    assert page.said() == ["Asked for more time."]
    more = lite_world.all(AccessRequest)[-1]
    assert (more.is_extension, more.reason) == (True, f"More time: {WHY}")
    assert "more time is asked for" in browser.get("/access").links()


def test_giving_back_early_orders_the_removal(lite_world: World, lite_browser: Browser) -> None:
    _, grant = _running(lite_world, 60)
    browser = lite_browser.as_(lite_world.ada)

    page = browser.submit(browser.get("/access").form(f"/grants/{grant.id}/removal"))

    assert "is given back" in page.said()[0]
    assert "removal sent, waiting for proof" in page.rows("My access")[0][1]
    [removal] = [order for order in lite_world.all(Order) if order.kind is OrderKind.REVOKE]
    assert removal.reason is OrderReason.GIVEN_BACK


def test_l3_what_has_no_end_is_given_back_on_a_page_of_its_own(
    lite_world: World, lite_browser: Browser
) -> None:
    grant = lite_world.grant(account=account_of(lite_world, lite_world.ada))
    browser = lite_browser.as_(lite_world.ada)

    asked = browser.post(f"/grants/{grant.id}/removal")
    assert asked.h1 == "Give back CRM · Admins member"
    assert lite_world.get(Grant, grant.id).state is GrantState.ACTIVE

    browser.submit(asked.form(f"/grants/{grant.id}/removal"), reason="moved to another team")

    assert lite_world.get(Grant, grant.id).state is GrantState.ENDING


def test_nobody_touches_what_others_hold(lite_world: World, lite_browser: Browser) -> None:
    _, grant = _running(lite_world, 60)
    sam = lite_browser.as_(lite_world.sam)

    sam.get(f"/grants/{grant.id}/removal", status=404)
    sam.post(f"/grants/{grant.id}/removal", 404, sure="true")
    sam.post(f"/grants/{grant.id}/extension", 404, minutes=60)

    assert lite_world.get(Grant, grant.id).state is GrantState.ACTIVE
    assert len(lite_world.all(AccessRequest)) == 1


def test_what_cannot_be_asked_for_is_not_offered_once_it_has_ended(
    lite_world: World, lite_browser: Browser
) -> None:
    account = account_of(lite_world, lite_world.ada)
    for name, requestable in (("Admins", True), ("Wiki", False)):
        right = lite_world.entitlement(name, requestable=requestable)
        held = lite_world.grant(account=account, entitlement=right)
        with lite_world.as_(lite_world.ada) as work:
            ended(work, work.session.get_one(Grant, held.id))

    rows = lite_browser.as_(lite_world.ada).get("/access").rows("Ended in the last seven days")

    assert [(row[0], row[4]) for row in rows] == [
        ("CRM · Wiki member", ""),
        ("CRM · Admins member", "Ask again"),
    ]


def test_what_was_asked_for_and_what_ended_is_listed(
    lite_world: World, lite_browser: Browser
) -> None:
    right, grant = _running(lite_world, 60)
    browser = lite_browser.as_(lite_world.ada)
    browser.post(f"/grants/{grant.id}/removal")
    prove(lite_world, lite_world.all(Order)[-1])
    ask(lite_world, right)

    page = browser.get("/access")

    assert page.rows("My access") == []
    assert page.rows("Ended in the last seven days")[0][3] == "given back"
    assert "granted" in page.rows("Asked for before")[0][3]
    assert page.rows("Asked for")[0][3] == "Max Roth decides"


def test_a_request_is_taken_back_from_the_list(lite_world: World, lite_browser: Browser) -> None:
    account_of(lite_world, lite_world.ada)
    request = ask(lite_world, lite_world.entitlement())
    browser = lite_browser.as_(lite_world.ada)

    page = browser.submit(browser.get("/access").form(f"/requests/{request.id}/cancellation"))

    assert page.said() == ["The request is taken back."]
    assert lite_world.get(AccessRequest, request.id).state is RequestState.CANCELLED


def test_a_length_that_is_no_number_is_refused(lite_world: World, lite_browser: Browser) -> None:
    _, grant = _running(lite_world, 60)

    lite_browser.as_(lite_world.ada).post(f"/grants/{grant.id}/extension", 422, minutes="soon")


def test_the_page_costs_the_same_queries_however_much_there_is(
    lite_world: World, lite_browser: Browser
) -> None:
    account = account_of(lite_world, lite_world.ada)
    browser = lite_browser.as_(lite_world.ada)
    for i in range(10):
        lite_world.grant(entitlement=lite_world.entitlement(f"Held {i}"), account=account)
        lite_world.grant(
            entitlement=lite_world.entitlement(f"Timed {i}"), account=account,
            kind=Cause.REQUEST, request_id=1000 + i, ends_at=after(60), began=clock.now(),
        )  # fmt: skip
        lite_world.entitlement(f"Offered {i}")
        ask(lite_world, lite_world.entitlement(f"Asked {i}"))
        closed = ask(lite_world, lite_world.entitlement(f"Denied {i}"))
        answer(lite_world, closed, lite_world.max, Answer.DENY, reason="not you")

    with asserts_queries(QUERIES, lite_world.engine):
        page = browser.get("/access?q=crm")

    assert len(page.rows("My access")) == 20
    assert len(page.rows("Results")) == 50
    assert len(page.rows("Asked for before")) == 10
