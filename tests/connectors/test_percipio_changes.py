"""What the Percipio connector changes, what it refuses to change, and whom it signs in as."""

from __future__ import annotations

import time

import pytest

from connectors.base import ACCESS, AccountRecord, EntitlementRecord, Ref
from connectors.errors import Missing, Rejected, Unauthorised, Unavailable
from tests.connectors.percipio_cast import (
    ADA,
    CAM,
    MAX,
    NOOR,
    NOWHERE,
    ORGANISATION,
    PRIVACY,
    RITA,
    SAM,
    TOKEN,
    an_id,
)
from uar.demo.vendors.percipio_tokens import account_id, token

USERS = f"/user-management/v1/organizations/{ORGANISATION}/users"
SIGN_IN = EntitlementRecord(ACCESS, "access", can_provision=True)
DONE = EntitlementRecord(Ref("course", PRIVACY), "completed", purpose="fact")


def account(identity, name="Ada Byrne"):
    return AccountRecord("user", identity, name)


def role(identity):
    return EntitlementRecord(Ref("role", identity), "assigned", can_provision=True)


@pytest.fixture
def ada():
    return account(ADA)


@pytest.fixture
def fresh(site):
    """A site whose cast is as it was afterwards."""
    yield site
    site.clear_faults()
    site.switch(patch_lag_s=0.0, patch_answer="user")
    for who, body in (
        (ADA, {"role": "LEARNER", "isActive": True}),
        (RITA, {"role": "ADMIN", "isActive": True}),
        (SAM, {"role": "ADMIN", "isActive": True}),
        (MAX, {"role": "MANAGER"}),
    ):
        answer = site.http.patch(
            f"{site.url}{USERS}/{who}", json=body, headers={"authorization": f"Bearer {TOKEN}"}
        )
        assert answer.status_code == 200


@pytest.mark.parametrize("answer", ["user", "empty", "204"])
def test_a_role_is_given_and_shows_in_the_next_read(fresh, percipio, ada, answer):
    fresh.switch(patch_answer=answer)
    reader = percipio(fresh)

    granted = reader.grant(ada, role("LEARNING_ADMIN"))

    assert not granted.already
    assert reader.holds(ada, role("LEARNING_ADMIN")) is True
    assert fresh.history()[-1]["body"] == {"role": "LEARNING_ADMIN"}


def test_a_role_takes_the_place_of_the_one_before_and_says_so(fresh, percipio):
    reader = percipio(fresh)

    granted = reader.grant(account(MAX, "Max"), role("CONTENT_CURATOR"))

    assert granted.replaced is not None
    assert granted.replaced.resource == Ref("role", "MANAGER")
    assert reader.holds(account(MAX), role("MANAGER")) is False


def test_law_6_roles_exclude_each_other_and_the_one_that_somebody_has_is_read(fresh, percipio):
    reader = percipio(fresh)
    everything = [each for r in reader.resources() if r.type == "role"
                  for each in reader.entitlements(r)]  # fmt: skip

    current = reader.current(account(MAX), role("ADMIN"))

    assert {each.exclusive for each in everything} == {"role"}
    assert current in everything
    assert current.resource == Ref("role", "MANAGER")
    assert reader.current(account(MAX), DONE) is None
    with pytest.raises(Missing):
        reader.current(account(NOWHERE), role("ADMIN"))


def test_law_6_the_role_from_before_can_be_given_back_even_if_it_is_the_least(fresh, percipio, ada):
    reader = percipio(fresh)
    before = reader.grant(ada, role("MANAGER")).replaced

    assert before.resource == Ref("role", "LEARNER")
    assert reader.grant(ada, before).replaced.resource == Ref("role", "MANAGER")
    assert reader.holds(ada, before) is True


def test_giving_a_role_that_is_there_changes_nothing(fresh, percipio):
    n_changes = len(fresh.history())

    assert percipio(fresh).grant(account(MAX), role("MANAGER")).already
    assert len(fresh.history()) == n_changes


def test_taking_a_role_away_makes_a_learner(fresh, percipio):
    reader = percipio(fresh)

    assert not reader.revoke(account(MAX), role("MANAGER")).already
    assert reader.holds(account(MAX), role("LEARNER")) is True
    assert reader.revoke(account(MAX), role("MANAGER")).already


def test_law_13_a_role_that_was_changed_meanwhile_is_left_alone(fresh, percipio):
    reader = percipio(fresh)
    reader.grant(account(MAX), role("CONTENT_CURATOR"))
    n_changes = len(fresh.history())

    assert reader.revoke(account(MAX), role("MANAGER")).already
    assert len(fresh.history()) == n_changes
    assert reader.holds(account(MAX), role("CONTENT_CURATOR")) is True


def test_the_least_role_cannot_be_taken_away(site, percipio, ada):
    reader = percipio(site)

    with pytest.raises(Rejected, match="deactivate the account"):
        reader.revoke(ada, role("LEARNER"))

    assert reader.requests == 0
    assert "deactivate the account" in reader.obstacle(role("LEARNER"))


def test_deactivating_keeps_the_account_and_its_role(fresh, percipio):
    reader, max_ = percipio(fresh), account(MAX)

    assert not reader.revoke(max_, SIGN_IN).already
    assert fresh.history()[-1]["body"] == {"isActive": False}
    assert reader.holds(max_, SIGN_IN) is False
    assert reader.holds(max_, role("MANAGER")) is True
    assert reader.revoke(max_, SIGN_IN).already

    assert not reader.grant(max_, SIGN_IN).already
    assert reader.holds(max_, SIGN_IN) is True
    assert reader.grant(max_, SIGN_IN).already


def test_law_14_the_last_active_administrator_stays_one(fresh, percipio):
    reader, rita, sam = percipio(fresh), account(RITA, "Rita"), account(SAM, "Sam")
    reader.revoke(sam, role("ADMIN"))

    for take in (
        lambda: reader.revoke(rita, role("ADMIN")),
        lambda: reader.grant(rita, role("LEARNER")),
        lambda: reader.revoke(rita, SIGN_IN),
    ):
        with pytest.raises(Rejected, match="Rita is the last active site administrator"):
            take()

    assert reader.holds(rita, role("ADMIN")) is True
    assert reader.holds(rita, SIGN_IN) is True


def test_law_14_an_administrator_beside_another_can_be_made_a_learner(fresh, percipio):
    reader = percipio(fresh)

    assert not reader.revoke(account(RITA), role("ADMIN")).already
    assert reader.holds(account(SAM), role("ADMIN")) is True


def test_an_administrator_who_cannot_enter_is_neither_the_last_one_nor_another_one(fresh, percipio):
    reader, cam, rita = percipio(fresh), account(CAM), account(RITA)
    reader.revoke(account(SAM), SIGN_IN)

    assert not reader.revoke(cam, role("ADMIN")).already
    assert not reader.grant(cam, role("ADMIN")).already
    with pytest.raises(Rejected, match="last active"):
        reader.revoke(rita, role("ADMIN"))


def test_finding_no_other_administrator_takes_a_request_for_each_thousand_people(
    large_site, percipio
):
    reader = percipio(large_site)

    with pytest.raises(Rejected, match="last active"):
        reader.revoke(account(an_id("user", 2300)), role("ADMIN"))

    assert reader.requests == 1 + 3


def test_somebody_who_does_not_exist_holds_nothing_and_is_given_nothing(site, percipio):
    reader, nobody = percipio(site), account(NOWHERE, "Nobody")

    assert reader.holds(nobody, role("ADMIN")) is False
    assert reader.revoke(nobody, role("ADMIN")).already
    with pytest.raises(Missing, match="Nobody does not exist"):
        reader.grant(nobody, role("ADMIN"))


def test_an_api_that_is_missing_does_not_prove_that_somebody_is(site, percipio, ada):
    site.fault("404", path="/user-management", times=0)

    with pytest.raises(Missing):
        percipio(site).holds(ada, role("ADMIN"))


def test_a_change_does_not_wait_for_reads_that_lag(fresh, percipio, ada):
    reader = percipio(fresh)
    fresh.switch(patch_lag_s=0.4)

    assert not reader.grant(ada, role("MANAGER")).already
    assert reader.holds(ada, role("MANAGER")) is False

    time.sleep(0.5)
    assert reader.holds(ada, role("MANAGER")) is True


@pytest.mark.parametrize("fault", ["503", "429", "500"])
def test_a_change_that_failed_is_not_sent_again(fresh, percipio, ada, fault):
    fresh.fault(fault, method="PATCH", times=1)

    with pytest.raises(Exception, match="Try again later") as raised:
        percipio(fresh).grant(ada, role("MANAGER"))

    assert raised.value.retry
    patches = [n for route, n in fresh.requests()["routes"].items() if route.startswith("PATCH")]
    assert patches == [1]


def test_a_change_whose_answer_is_lost_is_found_by_the_next_read(fresh, percipio, ada):
    fresh.fault("cut", method="PATCH", times=1)
    reader = percipio(fresh)

    with pytest.raises(Unavailable):
        reader.grant(ada, role("MANAGER"))

    assert reader.holds(ada, role("MANAGER")) is True
    assert reader.grant(ada, role("MANAGER")).already


@pytest.mark.parametrize("verb", ["grant", "revoke", "call"])
def test_what_somebody_learns_is_never_changed(site, percipio, ada, verb):
    reader = percipio(site)

    with pytest.raises(Rejected, match="Learning activity"):
        reader.call("revoke", ada, DONE) if verb == "call" else getattr(reader, verb)(ada, DONE)

    assert reader.requests == 0
    assert reader.holds(ada, DONE) is None
    assert "Learning activity" in reader.obstacle(DONE)


@pytest.mark.parametrize(
    ("verb", "entitlement", "body"),
    [
        ("grant", role("ADMIN"), '{"role": "ADMIN"}'),
        ("revoke", role("ADMIN"), '{"role": "LEARNER"}'),
        ("grant", SIGN_IN, '{"isActive": true}'),
        ("revoke", SIGN_IN, '{"isActive": false}'),
    ],
)
def test_the_call_that_is_shown_is_the_one_that_is_sent(site, percipio, ada, verb, entitlement,
                                                        body):  # fmt: skip
    reader = percipio(site)

    assert reader.call(verb, ada, entitlement) == f"PATCH {site.url}{USERS}/{ADA} {body}"
    assert reader.requests == 0


def test_a_new_role_of_the_vendor_can_be_taken_away(site, percipio):
    shown = percipio(site).call("revoke", account(NOOR), role("BADGE_OFFICER"))

    assert shown.endswith('{"role": "LEARNER"}')


def test_checking_names_the_service_account_and_its_organisation(site, percipio):
    signed_in = percipio(site).check()

    assert signed_in.who == f"service account {account_id('all')}"
    assert signed_in.organisation == ORGANISATION
    assert signed_in.account is None
    assert signed_in.missing_rights == ()
    assert site.requests()["total"] == 3


def test_checking_asks_for_no_report(site, percipio):
    n_reports = len(site.history())

    percipio(site).check()

    assert len(site.history()) == n_reports


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("no-api", ["people", "courses", "reports"]),
        ("users-only", ["courses", "reports"]),
        ("content-only", ["reports"]),
    ],
)
def test_checking_lists_every_right_that_is_missing(site, percipio, name, lacks):
    missing = percipio(site, key=token(name)).check().missing_rights

    assert [word for word in ("people", "courses", "reports") if any(
        f"may not read {word}" in each for each in missing)] == lacks  # fmt: skip
    assert len(missing) == len(lacks)


def test_checking_with_a_token_that_is_not_known_is_unauthorised(site, percipio):
    with pytest.raises(Unauthorised, match=r"Enter current ones.* another region"):
        percipio(site, key=token("nobody")).check()


def test_checking_says_that_a_token_is_about_to_end(site, percipio):
    soon = token(exp=int(time.time()) + 86_400)  # noqa: TID251  the vendor has a clock of its own
    late = token(exp=int(time.time()) + 90 * 86_400)  # noqa: TID251

    (warning,) = percipio(site, key=soon).check().missing_rights
    assert "This token ends on" in warning
    assert percipio(site, key=late).check().missing_rights == ()


def test_a_token_that_has_ended_is_unauthorised(site, percipio):
    with pytest.raises(Unauthorised):
        percipio(site, key=token(exp=1_700_000_001)).check()


def test_the_organisation_may_be_left_to_the_token(site, percipio):
    assert percipio(site, org_id="").check().organisation == ORGANISATION
    assert percipio(site, org_id=ORGANISATION.upper()).check().organisation == ORGANISATION


def test_an_organisation_that_is_not_the_tokens_is_refused_before_anything_is_sent(site, percipio):
    with pytest.raises(Rejected, match=f"belongs to the organisation {ORGANISATION}"):
        percipio(site, org_id=NOWHERE)

    assert site.requests()["total"] == 0


@pytest.mark.parametrize("key", ["opaque", "a.b.c", "a.W10.c", TOKEN.rpartition(".")[0]])
def test_a_token_that_names_no_organisation_needs_one_entered(site, percipio, key):
    with pytest.raises(Rejected, match="enter the organisation ID"):
        percipio(site, key=key)

    assert percipio(site, key=key, org_id=ORGANISATION).requests == 0


def test_an_organisation_id_that_is_no_uuid_is_refused(site, percipio):
    with pytest.raises(Rejected, match="must be a UUID"):
        percipio(site, key="opaque", org_id="example")


@pytest.mark.parametrize(
    ("region", "host"), [("us", "api.percipio.com"), ("eu", "dew1-api.percipio.com")]
)
def test_each_region_has_its_own_address(site, percipio, ada, region, host):
    reader = percipio(site, region=region, base_url="")

    assert reader.call("grant", ada, role("ADMIN")).startswith(f"PATCH https://{host}{USERS}/")
