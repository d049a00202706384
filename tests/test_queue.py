"""A reviewer's queue, and the facts beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.queries import asserts_queries
from tests.world import World
from tests.world_reviews import (
    Reviews,
    crowd,
    decide_many,
    inherited,
    one_row,
    page_of,
    people,
)
from uar import (
    item_facts,
    my_reviews,
    queue,
    review_rows,
)
from uar.errors import NotFound
from uar.models import (
    ReviewItem,
)
from uar.models.kinds import (
    RemovalAt,
    Risk,
    Verdict,
)
from uar.queue import By, Show

KEEP, REMOVE = Verdict.CERTIFY, Verdict.REVOKE


@pytest.fixture
def review_world(world: World) -> Reviews:
    return Reviews(world)


@pytest.fixture
def lite(lite_world: World) -> Reviews:
    return Reviews(lite_world)


def test_the_queue_holds_only_what_is_asked_of_her(review_world: Reviews) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    world.grant(entitlement=entitlement)
    world.grant(world.sam, entitlement)  # falls to Rita
    campaign = review_world.opened()

    assert people(page_of(review_world, campaign.id, world.max)) == ["Ada Byrne"]
    assert people(page_of(review_world, campaign.id, world.rita)) == ["Sam Hill"]


@pytest.mark.parametrize("who", ["sam", "ada", "cam"])
def test_whoever_is_asked_nothing_finds_no_queue(lite: Reviews, who: str) -> None:
    world = lite.world
    world.grant()
    campaign = lite.opened()

    with pytest.raises(NotFound):
        page_of(lite, campaign.id, getattr(world, who))
    with pytest.raises(NotFound), world.reading() as session:
        review_rows.row(session, lite.item(campaign).id, getattr(world, who).id, NOON)


def test_a_campaign_that_is_not_open_has_no_queue(lite: Reviews) -> None:
    lite.world.grant()
    campaign = lite.staged()

    with pytest.raises(NotFound):
        page_of(lite, campaign.id, lite.world.max)
    with lite.world.reading() as session:
        upcoming = my_reviews.upcoming(session, lite.world.max.id)
    assert upcoming is not None
    assert upcoming.name == "Finance apps, Q1"


def test_the_queue_is_grouped_by_access_with_counts(review_world: Reviews) -> None:
    world = review_world.world
    low = world.entitlement("Viewers")
    high = world.entitlement("Owners", risk=Risk.HIGH, description="May delete all")
    for name in ("Ben Cole", "Chi Okafor"):
        review_world.holder(name, low)
    world.grant(entitlement=high)

    found = page_of(review_world, review_world.opened().id, world.max)

    told = [(g.title, g.sub, g.n, g.unit, g.risk) for g in found.groups]
    assert told == [
        ("CRM · Owners member", "May delete all", 1, "person", Risk.HIGH),
        ("CRM · Viewers member", "", 2, "person", Risk.LOW),
    ]
    assert all(row.group == group.key for group in found.groups for row in group.rows)


def test_the_queue_can_be_grouped_by_person(review_world: Reviews) -> None:
    world = review_world.world
    account = world.account(world.ada)
    for name in ("Viewers", "Admins"):
        world.grant(entitlement=world.entitlement(name), account=account)
    review_world.holder("Aaron Cole", world.entitlement("Owners"))

    found = page_of(review_world, review_world.opened().id, world.max, by=By.PERSON)

    assert [(g.title, g.sub, g.n, g.unit) for g in found.groups] == [
        ("Aaron Cole", "Sales", 1, "access"),
        ("Ada Byrne", "Seller, Sales", 2, "access"),
    ]


@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize("show", [Show.UNDECIDED, Show.ALL])
def test_pages_follow_each_other_without_gap_or_overlap(
    review_world: Reviews, by: By, show: Show
) -> None:
    campaign_id = crowd(review_world, 23)
    seen: list[int] = []
    after: int | None = None

    while True:
        found = page_of(
            review_world, campaign_id, review_world.world.max, by=by, show=show, after=after,
            limit=5,
        )  # fmt: skip
        seen += [row.id for group in found.groups for row in group.rows]
        after = found.after
        if after is None:
            break

    assert len(seen) == 23
    assert len(set(seen)) == 23


def test_a_page_of_somebody_elses_row_is_empty(lite: Reviews) -> None:
    campaign_id = crowd(lite, 3)

    assert people(page_of(lite, campaign_id, lite.world.max, after=4711)) == []


def test_what_is_shown_can_be_chosen(review_world: Reviews) -> None:
    campaign_id = crowd(review_world, 4)
    items = sorted(review_world.world.all(ReviewItem), key=lambda item: item.rank)
    review_world.decide(items[0], KEEP, "")
    review_world.decide(items[1], REMOVE)
    max_ = review_world.world.max

    def shown_(show: Show) -> list[str]:
        return people(page_of(review_world, campaign_id, max_, show=show))

    assert shown_(Show.UNDECIDED) == ["P002 Doe", "P003 Doe"]
    assert shown_(Show.KEPT) == ["P000 Doe"]
    assert shown_(Show.REMOVED) == ["P001 Doe"]
    assert shown_(Show.ALL) == [f"P00{n} Doe" for n in range(4)]
    totals = page_of(review_world, campaign_id, max_).totals
    assert (totals.total, totals.decided, totals.kept, totals.removed) == (4, 2, 1, 1)


def test_a_search_finds_names_teams_and_access(review_world: Reviews) -> None:
    world = review_world.world
    campaign_id = crowd(review_world, 3)

    for q in ("p001", "SALES", "viewers"):
        assert "P001 Doe" in people(page_of(review_world, campaign_id, world.max, q=q))
    for q in ("nobody", "%", "_"):
        assert people(page_of(review_world, campaign_id, world.max, q=q)) == []


def test_what_is_unchanged_is_folded_away_and_can_be_kept_together(review_world: Reviews) -> None:
    world = review_world.world
    entitlement = world.entitlement()
    review_world.holder("Ben Cole", entitlement)
    for item in review_world.items(review_world.opened(name="Q4")):
        review_world.decide(item, KEEP, "")
    world.grant(entitlement=entitlement)
    campaign = review_world.opened(name="Q1")

    found = page_of(review_world, campaign.id, world.max)
    with world.reading() as session:
        listed = queue.unchanged(session, campaign.id, world.max.id, NOON)
    n = decide_many(review_world, campaign.id, [row.id for row in listed])

    assert (people(found), found.n_unchanged) == (["Ada Byrne"], 1)
    assert [row.person for row in listed] == ["Ben Cole"]
    assert n == 1
    assert page_of(review_world, campaign.id, world.max).n_unchanged == 0


def test_a_search_looks_among_the_unchanged_too(lite: Reviews) -> None:
    lite.world.grant()
    lite.decide(lite.item(lite.opened(name="Q4")), KEEP, "")
    campaign = lite.opened(name="Q1")

    assert people(page_of(lite, campaign.id, lite.world.max)) == []
    assert people(page_of(lite, campaign.id, lite.world.max, q="ada")) == ["Ada Byrne"]


def test_a_row_says_that_its_removal_is_proven(review_world: Reviews) -> None:
    world = review_world.world
    grant = world.grant()
    item = review_world.item(review_world.opened(removal_at=RemovalAt.DECISION))
    review_world.decide(item, REMOVE)

    review_world.prove_gone(grant)

    row = one_row(review_world, item)
    assert (row.note, row.can_undo, row.sends_at) == ("it is gone, and proven gone", False, None)


@pytest.mark.parametrize("n", [3, 60])
def test_the_queue_costs_six_queries_however_long_it_is(review_world: Reviews, n: int) -> None:
    world = review_world.world
    campaign_id = crowd(review_world, n)
    review_world.decide(review_world.world.all(ReviewItem)[0], REMOVE)

    with asserts_queries(6, world.engine):
        page_of(review_world, campaign_id, world.max)
    with asserts_queries(6, world.engine):
        page_of(review_world, campaign_id, world.max, show=Show.REMOVED)


def test_a_page_walks_the_queues_index_and_sorts_nothing(lite: Reviews) -> None:
    world = lite.world
    campaign_id = crowd(lite, 3)

    with asserts_queries(6, world.engine) as seen:
        page_of(lite, campaign_id, world.max)
    (statement,) = [text for text in seen if "ORDER BY review_item.rank" in text]
    with world.engine.connect() as connection:
        cursor = connection.connection.cursor()
        n = statement.count("?")
        plan = cursor.execute("EXPLAIN QUERY PLAN " + statement, [1] * n).fetchall()
    steps = [step[-1] for step in plan]

    assert any("review_item USING INDEX ix_review_item_queue (campaign_id=? AND reviewer_id=? "
               "AND state=? AND unchanged=?)" in step for step in steps), steps  # fmt: skip
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in steps), steps


def test_my_campaigns_are_listed_with_how_far_i_am(review_world: Reviews) -> None:
    world = review_world.world
    campaign_id = crowd(review_world, 3)
    review_world.decide(review_world.world.all(ReviewItem)[0], KEEP, "")

    with world.reading() as session:
        (mine,) = my_reviews.my_campaigns(session, world.max.id, NOON)
        assert my_reviews.my_campaigns(session, world.sam.id, NOON) == []

    assert (mine.id, mine.decided, mine.total, mine.owner) == (campaign_id, 1, 3, "Cam Lee")
    assert (mine.waits, mine.is_overdue) == (True, False)


def test_the_facts_of_an_item_name_paths_causes_and_what_hangs_on_it(
    review_world: Reviews,
) -> None:
    world = review_world.world
    _, mail, _ = inherited(review_world)
    item = review_world.item(review_world.opened(), mail)

    with world.reading() as session:
        row, _ = review_rows.row(session, item.id, world.max.id, NOON)
        facts = item_facts.item_facts(session, row, NOON)

    assert [path.words for path in facts.paths] == ["through crm-admins"]
    assert facts.causes == ("inherited through crm-admins",)
    assert (facts.owner, facts.email, facts.connector) == ("Rita Ortiz", "ada@example.test", "CRM")
    assert facts.read_at == NOON - timedelta(hours=1)
    assert facts.manual == "take Ada Byrne out of crm-admins, once an owner of it agrees."
    assert facts.also_lost == ("Wiki member",)


def test_the_facts_of_an_item_tell_what_was_decided_before(review_world: Reviews) -> None:
    world = review_world.world
    world.grant()
    review_world.decide(review_world.item(review_world.opened(name="Q4")), KEEP, "month end")
    item = review_world.item(review_world.opened(name="Q1"))

    with world.reading() as session:
        row, _ = review_rows.row(session, item.id, world.max.id, NOON)
        facts = item_facts.item_facts(session, row, NOON)

    (earlier,) = facts.decisions
    assert (earlier.campaign, earlier.verdict, earlier.by, earlier.reason) == (
        "Q4",
        KEEP,
        "Max Roth",
        "month end",
    )
