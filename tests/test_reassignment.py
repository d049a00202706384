"""Reassigning review items: by whoever runs the campaign, and by the reviewer herself."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import NOON
from tests.queries import asserts_queries
from tests.world import Person, World
from tests.world_reviews import WHY, Reviews, crowd, one_row
from uar import campaigns, clock, dashboard, reassignment
from uar.errors import Conflict, Forbidden, Invalid, NotFound, Refused, UarError
from uar.handover import handovers_of
from uar.item_facts import item_facts
from uar.models import Account, AuditEntry, Campaign, Handover, Notification, ReviewItem
from uar.models.kinds import ReviewerRule, Role, Verdict
from uar.reassignment import Reassigned

LEAVE = "on leave until May"
STATEMENTS = {"sqlite": 15, "postgresql": 14}
"""Who may (2), what and to whom (5), the move (4), who is told (4; PostgreSQL needs one less)."""


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


def reassign(
    reviews: Reviews,
    campaign_id: int,
    of: Person | None,
    to: Person,
    *,
    by: Person | None = None,
    reason: str = LEAVE,
) -> Reassigned:
    with reviews.world.as_(by or reviews.world.cam) as work:
        return reassignment.reassign(work, campaign_id, of.id if of else None, to.id, reason)


def pass_on(
    reviews: Reviews, items: list[ReviewItem], to: Person, *, by: Person, reason: str = LEAVE
) -> Reassigned:
    with reviews.world.as_(by) as work:
        return reassignment.pass_on(
            work, items[0].campaign_id, [item.id for item in items], to.id, reason
        )


def reviewers(reviews: Reviews) -> list[int | None]:
    return [item.reviewer_id for item in reviews.world.all(ReviewItem)]


@pytest.fixture
def max_reviews(review_world: Reviews) -> tuple[Reviews, Campaign]:
    """Max is asked about three people."""
    campaign_id = crowd(review_world, 3)
    return review_world, review_world.world.get(Campaign, campaign_id)


def test_the_campaigns_owner_gives_what_is_undecided_to_somebody_else(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world
    decided, *_ = reviews.items(campaign)
    reviews.decide(decided, Verdict.CERTIFY)

    done = reassign(reviews, campaign.id, world.max, world.sam)

    assert (done.moved, done.left) == (2, "")
    assert sorted(reviewers(reviews), key=str) == sorted(
        [world.max.id, world.sam.id, world.sam.id], key=str
    )
    assert world.get(ReviewItem, decided.id).reviewer_id == world.max.id
    reviews.decide(reviews.items(campaign)[1], Verdict.CERTIFY, by=world.sam)


def test_who_had_it_until_when_and_why_is_kept(max_reviews: tuple[Reviews, Campaign]) -> None:
    reviews, campaign = max_reviews
    world = reviews.world
    reassign(reviews, campaign.id, world.max, world.sam)
    with clock.frozen(NOON + timedelta(hours=1)):
        item = reviews.items(campaign)[0]
        pass_on(reviews, [item], world.rita, by=world.sam, reason="she knows him")

    with world.reading() as session:
        history = handovers_of(session, item.id)
        lines = [line.words for line in dashboard.log(session, campaign.id)]
    assert [(row.giver, row.taker, row.by, row.reason) for row in history] == [
        ("Sam Hill", "Rita Ortiz", "Sam Hill", "she knows him"),
        ("Max Roth", "Sam Hill", "Cam Lee", LEAVE),
    ]
    assert [row.at for row in history] == [NOON + timedelta(hours=1), NOON]
    assert lines[0] == "Sam Hill passed one row on to Rita Ortiz (she knows him)"
    assert f"Cam Lee gave 3 rows of Max Roth to Sam Hill ({LEAVE})" in lines


def test_l28_each_row_is_in_the_record_with_actor_and_reason(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world

    reassign(reviews, campaign.id, world.max, world.sam)

    entries = [e for e in world.all(AuditEntry) if e.action == "review_item.handed_over"]
    assert {e.subject for e in entries} == {
        f"review_item:{item.id}" for item in reviews.items(campaign)
    }
    for entry in entries:
        assert (entry.actor_id, entry.reason, entry.at) == (world.cam.id, LEAVE, NOON)
        assert entry.details == {"from": world.max.id, "to": world.sam.id}


def test_a_reassignment_that_fails_leaves_no_trace(max_reviews: tuple[Reviews, Campaign]) -> None:
    reviews, campaign = max_reviews
    world = reviews.world

    with pytest.raises(RuntimeError), world.as_(world.cam) as work:
        reassignment.reassign(work, campaign.id, world.max.id, world.sam.id, LEAVE)
        raise RuntimeError("the power goes out")

    assert set(reviewers(reviews)) == {world.max.id}
    assert world.all(Handover) == []
    assert [e for e in world.all(AuditEntry) if "handed_over" in e.action] == []


def test_both_are_told_when_somebody_else_did_it(max_reviews: tuple[Reviews, Campaign]) -> None:
    reviews, campaign = max_reviews
    world = reviews.world

    reassign(reviews, campaign.id, world.max, world.sam)

    assert reviews.told(world.sam, "handed_over") == ["3 rows of Finance apps, Q1 fall to you"]
    assert reviews.told(world.max, "taken_over") == [
        "3 rows of Finance apps, Q1 are not yours to decide any more"
    ]
    bodies = [n.body for n in world.all(Notification) if "over" in n.kind]
    assert all(LEAVE in body and "Cam Lee" in body for body in bodies)


def test_one_who_passes_on_herself_is_not_told_what_she_did(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world

    pass_on(reviews, reviews.items(campaign)[:1], world.sam, by=world.max)

    assert reviews.told(world.sam, "handed_over") == ["One row of Finance apps, Q1 falls to you"]
    assert reviews.told(world.max, "taken_over") == []


def test_before_it_opens_nobody_is_told_and_the_new_reviewer_is_asked_then(
    review_world: Reviews,
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.staged()

    reassign(review_world, campaign.id, world.max, world.sam)

    assert review_world.told(world.sam) == review_world.told(world.max) == []
    with world.as_(world.cam) as work:
        campaigns.open_(work, campaign.id)
    assert review_world.told(world.sam) == ["Please review access: Finance apps, Q1"]
    assert review_world.told(world.max) == []


def test_l20_the_holders_own_rows_stay_where_they_are_and_are_counted(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world
    frozen, became, free = reviews.items(campaign)
    ben = Person(frozen.identity_id or 0, "P000 Doe", "")
    reviews.set(Account, became.account_id, identity_id=ben.id)

    done = reassign(reviews, campaign.id, world.max, ben)

    assert (done.moved, done.theirs) == (1, 2)
    assert done.left == "Left where it is: 2 rows are P000 Doe’s own access."
    assert world.get(ReviewItem, free.id).reviewer_id == ben.id
    for item in (frozen, became):
        assert world.get(ReviewItem, item.id).reviewer_id == world.max.id
        assert handovers_of_item(reviews, item) == 0


def handovers_of_item(reviews: Reviews, item: ReviewItem) -> int:
    with reviews.world.reading() as session:
        return len(handovers_of(session, item.id))


def test_l20_when_nothing_can_go_to_the_chosen_person_it_is_refused_with_the_count(
    review_world: Reviews,
) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.opened()

    with pytest.raises(Refused) as refused:
        reassign(review_world, campaign.id, world.max, world.ada)

    assert refused.value.sentence == "Left where it is: one row is Ada Byrne’s own access."
    assert world.all(Handover) == []


def test_l20_campaign_owners_cannot_reassign_to_themselves(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world

    with pytest.raises(Refused, match="You cannot give them to yourself"):
        reassign(reviews, campaign.id, world.max, world.cam)

    assert set(reviewers(reviews)) == {world.max.id}


def test_l20_nobody_chooses_who_decides_about_her_own_access(review_world: Reviews) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    hers = world.grant(world.cam, entitlement)
    other = world.grant(world.ada, entitlement)
    campaign = review_world.opened(reviewer_rule=ReviewerRule.APP_OWNER)

    done = reassign(review_world, campaign.id, world.rita, world.sam)

    assert (done.moved, done.own) == (1, 1)
    assert "your own access, for which you choose nobody" in done.left
    assert review_world.item(campaign, hers).reviewer_id == world.rita.id
    assert review_world.item(campaign, other).reviewer_id == world.sam.id


def test_a_reviewer_cannot_pass_on_what_became_her_own_access(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world
    item = reviews.items(campaign)[0]
    reviews.set(Account, item.account_id, identity_id=world.max.id)

    with pytest.raises(Refused, match="your own access"):
        pass_on(reviews, [item], world.sam, by=world.max)

    assert world.get(ReviewItem, item.id).reviewer_id == world.max.id


@pytest.mark.parametrize("chooser", ["max", "cam"])
def test_l20_nobody_decides_in_the_place_of_the_holder_who_chose_her(
    max_reviews: tuple[Reviews, Campaign], chooser: str
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world
    item, other, _ = reviews.items(campaign)
    if chooser == "max":
        pass_on(reviews, [item, other], world.sam, by=world.max)
    else:
        reassign(reviews, campaign.id, world.max, world.sam)
    reviews.set(Account, item.account_id, identity_id=getattr(world, chooser).id)

    with pytest.raises(Refused, match="Whoever holds this access chose you"):
        reviews.decide(item, Verdict.CERTIFY, by=world.sam)
    for row in reviews.items(campaign)[1:]:
        reviews.decide(row, Verdict.CERTIFY)
    reviews.sign(campaign, world.sam)

    assert world.get(ReviewItem, item.id).reviewer_id == world.rita.id
    with world.reading() as session:
        assert handovers_of(session, item.id)[0].by == "uar"


def test_l20_one_whom_the_holder_chose_passes_it_on_and_that_counts(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    world = reviews.world
    item = reviews.items(campaign)[0]
    pass_on(reviews, [item], world.sam, by=world.max)
    reviews.set(Account, item.account_id, identity_id=world.max.id)

    pass_on(reviews, [item], world.rita, by=world.sam)

    reviews.decide(item, Verdict.CERTIFY, by=world.rita)


def test_l22_rows_without_a_reviewer_are_given_to_somebody(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    campaign = review_world.staged()
    item = review_world.item(campaign)
    review_world.set(ReviewItem, item.id, reviewer_id=None)

    done = reassign(review_world, campaign.id, None, world.sam)

    assert done.moved == 1
    assert review_world.item(campaign).reviewer_id == world.sam.id


def test_a_super_administrator_reassigns_in_any_campaign(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    lena = reviews.world.person("Lena Huber")
    reviews.role(lena, Role.SUPER_ADMIN)

    done = reassign(reviews, campaign.id, reviews.world.max, reviews.world.sam, by=lena)

    assert done.moved == 3


@pytest.mark.parametrize(
    ("who", "role", "error"),
    [
        ("sam", None, NotFound),
        ("max", None, NotFound),
        ("sam", Role.CAMPAIGN_ADMIN, NotFound),
        ("sam", Role.AUDITOR, Forbidden),
    ],
)
def test_nobody_else_reassigns(
    max_reviews: tuple[Reviews, Campaign], who: str, role: Role | None, error: type[UarError]
) -> None:
    reviews, campaign = max_reviews
    person = getattr(reviews.world, who)
    if role is not None:
        reviews.role(person, role)

    with pytest.raises(error):
        reassign(reviews, campaign.id, reviews.world.max, reviews.world.rita, by=person)

    assert set(reviewers(reviews)) == {reviews.world.max.id}


def test_l27_an_owner_who_lost_her_role_reassigns_nothing(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    reviews.leave(reviews.world.cam)

    with pytest.raises(NotFound):
        reassign(reviews, campaign.id, reviews.world.max, reviews.world.sam)


def test_a_reviewer_passes_on_only_her_own_rows(max_reviews: tuple[Reviews, Campaign]) -> None:
    reviews, campaign = max_reviews
    first, second, _ = reviews.items(campaign)
    pass_on(reviews, [first], reviews.world.sam, by=reviews.world.max)

    for items in ([first], [first, second]):
        with pytest.raises(NotFound):
            pass_on(reviews, items, reviews.world.rita, by=reviews.world.max)

    assert reviews.world.get(ReviewItem, second.id).reviewer_id == reviews.world.max.id


def test_what_is_decided_is_not_passed_on_and_counted(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    first, second, _ = reviews.items(campaign)
    reviews.decide(first, Verdict.REVOKE)

    done = pass_on(reviews, [first, second], reviews.world.sam, by=reviews.world.max)

    assert (done.moved, done.left) == (1, "Left where it is: one row is decided already.")
    with pytest.raises(Conflict, match="decided already"):
        pass_on(reviews, [first], reviews.world.sam, by=reviews.world.max)


def test_after_signing_nothing_moves_either_way(max_reviews: tuple[Reviews, Campaign]) -> None:
    reviews, campaign = max_reviews
    world = reviews.world
    first, *others = reviews.items(campaign)
    pass_on(reviews, [first], world.sam, by=world.max)
    reviews.decide(first, Verdict.CERTIFY, by=world.sam)
    reviews.sign(campaign, world.sam)

    with pytest.raises(Invalid, match="Sam Hill has signed in this campaign already"):
        pass_on(reviews, others, world.sam, by=world.max)
    with pytest.raises(Conflict, match="You have signed"):
        pass_on(reviews, [first], world.rita, by=world.sam)
    with pytest.raises(Conflict, match="Nothing is undecided"):
        reassign(reviews, campaign.id, world.sam, world.rita)


def test_a_closed_campaign_moves_nothing(max_reviews: tuple[Reviews, Campaign]) -> None:
    reviews, campaign = max_reviews
    items = reviews.items(campaign)
    reviews.close(campaign, reason="over")

    with pytest.raises(Conflict):
        pass_on(reviews, items, reviews.world.sam, by=reviews.world.max)
    with pytest.raises(Conflict):
        reassign(reviews, campaign.id, reviews.world.max, reviews.world.sam)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("reason", lambda _world: {"reason": "  "}),
        ("to", lambda world: {"to": world.max}),
        ("to", lambda _world: {"to": Person(10**6, "Nobody", "")}),
    ],
)
def test_a_reason_and_another_person_who_works_here_are_needed(
    max_reviews: tuple[Reviews, Campaign], field: str, change: Callable[[World], dict[str, Any]]
) -> None:
    reviews, campaign = max_reviews
    values = {"to": reviews.world.sam, "reason": LEAVE} | change(reviews.world)

    with pytest.raises(Invalid) as wrong:
        reassign(reviews, campaign.id, reviews.world.max, values["to"], reason=values["reason"])

    assert set(wrong.value.problems) == {field}


def test_somebody_who_left_is_given_nothing(max_reviews: tuple[Reviews, Campaign]) -> None:
    reviews, campaign = max_reviews
    reviews.leave(reviews.world.sam)

    with pytest.raises(Invalid, match="somebody who works here"):
        reassign(reviews, campaign.id, reviews.world.max, reviews.world.sam)


def test_the_new_reviewer_reads_who_was_asked_before(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    reviews, campaign = max_reviews
    item = reviews.items(campaign)[0]
    pass_on(reviews, [item], reviews.world.sam, by=reviews.world.max, reason=WHY)

    row = one_row(reviews, item, reviews.world.sam)
    with reviews.world.reading() as session:
        facts = item_facts(session, row, NOON)

    assert row.can_decide
    assert [(h.giver, h.reason) for h in facts.handovers] == [("Max Roth", WHY)]


@pytest.mark.parametrize("n", [2, 60])
def test_reassigning_costs_the_same_statements_however_many_rows_there_are(
    review_world: Reviews, n: int
) -> None:
    world = review_world.world
    campaign_id = crowd(review_world, n)

    with asserts_queries(STATEMENTS[world.engine.dialect.name], world.engine):
        done = reassign(review_world, campaign_id, world.max, world.sam)

    assert done.moved == n


def test_of_two_at_once_one_moves_the_rows_and_the_other_finds_none(
    max_reviews: tuple[Reviews, Campaign],
) -> None:
    """A decision and a reassignment of one row wait for each other: exactly one takes it."""
    reviews, campaign = max_reviews
    world = reviews.world
    item = reviews.items(campaign)[0]

    def decide() -> None:
        with contextlib.suppress(UarError):
            reviews.decide(item, Verdict.CERTIFY, by=world.max)

    def give() -> None:
        with contextlib.suppress(UarError):
            pass_on(reviews, [item], world.sam, by=world.max)

    threads = [threading.Thread(target=act) for act in (decide, give)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    now = world.get(ReviewItem, item.id)
    assert (now.reviewer_id == world.sam.id) != (len(reviews.decisions()) == 1)


def test_the_database_itself_keeps_a_row_from_its_holder(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    item = review_world.item(review_world.opened())

    with pytest.raises(sa.exc.IntegrityError):
        review_world.set(ReviewItem, item.id, reviewer_id=world.ada.id)
