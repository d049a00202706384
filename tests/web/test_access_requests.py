"""The inbox, one request, deciding and taking back, as one sees them."""

from __future__ import annotations

import pytest

from tests.queries import asserts_queries
from tests.web.client import Browser
from tests.world import World
from tests.world_requests import (
    WHY,
    account_of,
    after,
    answer,
    ask,
    make_super,
    manage,
    now_of,
    orders_of,
    own,
    part_ways,
    prove,
    site_of,
    steps_of,
)
from uar import clock
from uar.access_requests import cancel
from uar.approvals import Answer
from uar.endings import end_due
from uar.models import AccessRequest, AuditEntry, Notification
from uar.models import ProvisioningOrder as Order
from uar.models.kinds import Approval, Risk, Role
from uar.models.states import RequestState
from uar.permissions import give
from uar.work import SYSTEM, unit_of_work

BOTH = Approval.MANAGER_OWNER
INBOX_QUERIES = 14
PAGE_QUERIES = 23


def _request(world: World, **values: object) -> AccessRequest:
    account_of(world, world.ada)
    return ask(world, world.entitlement(**values), minutes=240)  # type: ignore[arg-type]


def test_l6_a_decider_sees_which_role_is_replaced(lite_world: World, lite_browser: Browser) -> None:
    place = {"exclusive": "role in prod"}
    operator = lite_world.entitlement("Operator in prod", **place)
    lite_world.grant(account=account_of(lite_world, lite_world.ada), entitlement=operator)
    _request(lite_world, name="Admin in prod", **place)

    page = lite_browser.as_(lite_world.max).get("/requests")

    [row] = page.rows("Requests that wait for you")
    assert "replaces Operator in prod member while it lasts" in row[1]
    mail = lite_world.all(Notification)[-1]
    assert "While it lasts it replaces Operator in prod member." in mail.body


def test_the_inbox_carries_everything_to_decide_from_the_row(
    lite_world: World, lite_browser: Browser
) -> None:
    lite_world.grant(account=account_of(lite_world, lite_world.ada))
    _request(lite_world, risk=Risk.HIGH, approval=BOTH)

    page = lite_browser.as_(lite_world.max).get("/requests")

    [row] = page.rows("Requests that wait for you")
    assert row[0].startswith("Ada Byrne")
    for words in ("CRM · Admins member", "high risk", WHY, "holds 1 other right in CRM"):
        assert words in row[1]
    assert row[2] == "4 h"
    assert "step 1 of 2" in row[3]
    for words in ("Approve 4 h", "Approve 1 h", "Deny"):
        assert words in row[4]


def test_an_earlier_decision_is_in_the_row(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world, approval=BOTH)
    answer(lite_world, request, lite_world.max, minutes=60, reason="only for the import")

    [row] = lite_browser.as_(lite_world.rita).get("/requests").rows("Requests")

    assert "Max Roth approved 1 h" in row[1]
    assert "only for the import" in row[1]
    assert row[2] == "1 h"


def test_approving_for_a_shorter_time_from_the_row(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)
    browser = lite_browser.as_(lite_world.max)
    form = browser.get("/requests").form(f"/requests/{request.id}/decision")

    page = browser.post(form.action + "?minutes=60", **form.fields, verdict="approve")

    assert page.said() == ["You approved 1 h: Ada Byrne, CRM · Admins member."]
    assert "Nobody is waiting for you." in page.text
    assert now_of(lite_world, request).granted_minutes == 60
    assert now_of(lite_world, request).state is RequestState.APPROVED


def test_htmx_gets_the_fresh_row_and_a_sentence(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world)

    part = lite_browser.as_(lite_world.max).post_fragment(
        f"/requests/{request.id}/decision", verdict="deny", reason="Lena does this", step=1
    )

    assert part.root.all("tr", id=f"request-{request.id}")
    assert "You denied it" in part.text
    assert part.forms() == []
    assert now_of(lite_world, request).outcome == "Max Roth denied it: Lena does this"


def test_a_denial_without_a_reason_asks_for_one_and_keeps_the_row(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)
    browser = lite_browser.as_(lite_world.max)
    path = f"/requests/{request.id}/decision"

    part = browser.post_fragment(path, 422, verdict="deny", reason=" ", step=1)
    page = browser.post(path, 422, verdict="deny", step=1)

    assert "Say why you deny it." in part.text
    assert "Say why you deny it." in page.text
    assert now_of(lite_world, request).state is RequestState.WAITING


def test_a_longer_time_is_refused_and_the_typed_reason_is_kept(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)

    part = lite_browser.as_(lite_world.max).post_fragment(
        f"/requests/{request.id}/decision?minutes=9999", 422,
        verdict="approve", reason="all week", step=1,
    )  # fmt: skip

    assert "never lengthened" in part.text
    assert part.form(f"/requests/{request.id}/decision").fields["reason"] == "all week"


@pytest.mark.parametrize("minutes", ["", "0", "-1", "many"])
def test_minutes_that_make_no_sense_never_lengthen(
    lite_world: World, lite_browser: Browser, minutes: str
) -> None:
    request = _request(lite_world)

    lite_browser.as_(lite_world.max).send(
        f"/requests/{request.id}/decision?minutes={minutes}", verdict="approve", step=1
    )

    assert now_of(lite_world, request).granted_minutes == 240


def test_a_second_owner_who_is_slower_gets_the_fresh_row(
    lite_world: World, lite_browser: Browser
) -> None:
    own(lite_world, lite_world.rita, lite_world.cam)
    request = _request(lite_world, approval=Approval.OWNER)
    cam = lite_browser.as_(lite_world.cam)
    form = cam.get("/requests").form(f"/requests/{request.id}/decision")
    answer(lite_world, request, lite_world.rita)

    part = cam.post_fragment(form.action, 409, **form.fields, verdict="approve")
    page = cam.post(form.action, 409, **form.fields, verdict="approve")

    assert "Rita Ortiz approved this a minute ago." in part.text
    assert "Rita Ortiz approved this a minute ago." in page.text
    assert [step.decided_by for step in steps_of(lite_world, request)] == [lite_world.rita.id]


def test_an_answer_that_is_none_changes_nothing(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world)

    lite_browser.as_(lite_world.max).post(f"/requests/{request.id}/decision", 422, verdict="maybe")

    assert now_of(lite_world, request).state is RequestState.WAITING


def test_what_one_decided_is_listed_and_counted(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world)
    answer(lite_world, request, lite_world.max, Answer.DENY, reason="not you")

    page = lite_browser.as_(lite_world.max).get("/requests?show=decided")

    [row] = page.rows("Requests that you decided")
    assert "denied" in row[4]
    assert "1 decided today" in page.text


def test_a_stranger_finds_nothing(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world)
    sam = lite_browser.as_(lite_world.sam)

    sam.get(f"/requests/{request.id}", status=404)
    sam.post(f"/requests/{request.id}/decision", 404, verdict="approve", step=1)
    sam.post(f"/requests/{request.id}/cancellation", 404)
    assert "Nobody is waiting for you." in sam.get("/requests").text

    assert now_of(lite_world, request).state is RequestState.WAITING


def test_l27_whoever_is_not_the_manager_any_more_finds_nothing(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)
    lite_browser.as_(lite_world.max).get(f"/requests/{request.id}")

    manage(lite_world, lite_world.ada, lite_world.rita)

    lite_browser.as_(lite_world.max).get(f"/requests/{request.id}", status=404)


def test_auditors_and_super_administrators_may_read_and_not_decide(
    lite_world: World, lite_browser: Browser
) -> None:
    make_super(lite_world, lite_world.cam)
    with unit_of_work(lite_world.engine, SYSTEM) as work:
        give(work, lite_world.sam.id, Role.AUDITOR)
    request = _request(lite_world)

    for person in (lite_world.cam, lite_world.sam):
        browser = lite_browser.as_(person)
        assert (
            f"/requests/{request.id}/decision" not in browser.get(f"/requests/{request.id}").forms()
        )
        browser.post(f"/requests/{request.id}/decision", 403, verdict="approve", step=1)

    assert now_of(lite_world, request).state is RequestState.WAITING


def test_l20_the_person_herself_cannot_decide_and_the_attempt_is_in_the_record(
    lite_world: World, lite_browser: Browser
) -> None:
    own(lite_world, lite_world.ada, lite_world.rita)
    request = _request(lite_world, approval=Approval.OWNER)
    ada = lite_browser.as_(lite_world.ada)

    assert f"/requests/{request.id}/decision" not in ada.get(f"/requests/{request.id}").forms()
    ada.post(f"/requests/{request.id}/decision", 400, verdict="approve", step=1)

    [entry] = [row for row in lite_world.all(AuditEntry) if row.action == "access_request.refused"]
    assert (entry.actor, entry.subject) == ("Ada Byrne", f"access_request:{request.id}")
    log = ada.get(f"/requests/{request.id}").rows("Log")
    assert any("Ada Byrne tried what was refused (Nobody decides" in row[1] for row in log)


def test_one_request_shows_who_decides_what_happened_and_why(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world, approval=BOTH)
    answer(lite_world, request, lite_world.max, minutes=60, reason="only for the import")

    page = lite_browser.as_(lite_world.ada).get(f"/requests/{request.id}")

    first, second = page.rows("Who decides")
    assert first[:3] == ["Manager", "Max Roth", "approved"]
    assert first[4:] == ["1 h", "only for the import"]
    assert second[:3] == ["App owner", "Rita Ortiz", "asked"]
    assert "1 h (4 h was asked)" in page.text
    assert [line[1] for line in page.rows("Log")][-1] == (f"Ada Byrne asked for it ({WHY})")


def test_a_granted_request_shows_the_time_left(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world)
    answer(lite_world, request, lite_world.max)
    prove(lite_world, orders_of(lite_world, request)[0])

    page = lite_browser.as_(lite_world.ada).get(f"/requests/{request.id}")

    assert "ends in 4 h" in page.text
    assert "verified" in page.text
    assert "Until Thursday 12 March 2026, 16:00 UTC." in page.text


def test_a_request_keeps_its_whole_story_when_the_access_is_over(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world)
    answer(lite_world, request, lite_world.max)
    prove(lite_world, orders_of(lite_world, request)[0])
    with clock.frozen(after(240)):
        end_due(site_of(lite_world))
        prove(lite_world, lite_world.all(Order)[-1])

        page = lite_browser.as_(lite_world.ada).get(f"/requests/{request.id}")

    assert "ends in" not in page.text
    assert "Over since 16:00" in page.text
    said = [line[1] for line in page.rows("Log")]
    for words in ("uar set its end", "uar found its time over", "uar saw that it is gone"):
        assert words in said
    assert said.count("uar read that it is done") == 2


def test_one_who_asked_takes_it_back(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world)
    ada = lite_browser.as_(lite_world.ada)

    ada.submit(ada.get(f"/requests/{request.id}").form(f"/requests/{request.id}/cancellation"))

    assert now_of(lite_world, request).state is RequestState.CANCELLED
    assert (
        ada.get(f"/requests/{request.id}").forms().count(f"/requests/{request.id}/cancellation")
        == 0
    )


def test_a_decider_learns_that_it_was_taken_back(lite_world: World, lite_browser: Browser) -> None:
    request = _request(lite_world)
    with lite_world.as_(lite_world.ada) as work:
        cancel(work, request.id)

    part = lite_browser.as_(lite_world.max).post_fragment(
        f"/requests/{request.id}/decision", 409, verdict="approve", step=1
    )

    assert "Ada Byrne took the request back." in part.text


def test_l22_a_stand_in_is_told_why_on_the_row(lite_world: World, lite_browser: Browser) -> None:
    make_super(lite_world, lite_world.cam)
    part_ways(lite_world, lite_world.max)
    _request(lite_world)

    [row] = lite_browser.as_(lite_world.cam).get("/requests").rows("Requests")

    assert "you are asked as super administrator: there is no manager who may decide" in row[1]


def test_words_of_others_are_only_words(lite_world: World, lite_browser: Browser) -> None:
    account_of(lite_world, lite_world.ada)
    nasty = "<script>alert(1)</script> & “quotes”"
    ask(lite_world, lite_world.entitlement(nasty), reason=nasty)

    page = lite_browser.as_(lite_world.max).get("/requests")

    assert nasty in page.rows("Requests")[0][1]
    assert "<script>alert" not in page.html


def test_the_inbox_costs_the_same_queries_however_long_it_is(
    lite_world: World, lite_browser: Browser
) -> None:
    for n in range(12):
        person = lite_world.person(f"P{n} Doe", manager=lite_world.max)
        lite_world.account(person)
        ask(lite_world, lite_world.entitlement(f"G{n}", approval=BOTH), by=person)
    browser = lite_browser.as_(lite_world.max)

    with asserts_queries(INBOX_QUERIES, lite_world.engine):
        page = browser.get("/requests")

    assert len(page.rows("Requests that wait for you")) == 12


def test_a_requests_page_costs_the_same_queries_whatever_happened(
    lite_world: World, lite_browser: Browser
) -> None:
    request = _request(lite_world, approval=BOTH)
    answer(lite_world, request, lite_world.max)
    answer(lite_world, request, lite_world.rita)
    prove(lite_world, orders_of(lite_world, request)[0])
    browser = lite_browser.as_(lite_world.ada)

    with asserts_queries(PAGE_QUERIES, lite_world.engine):
        browser.get(f"/requests/{request.id}")
