"""The SCIM vendor server: who may call, what it says of itself, restarts, faults, its page."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.scim_company import ADA, EMPTY, MAX, RITA, SALES
from tests.vendor_process import NO_TLS, vendor
from tests.vendors.conftest import patch_op, scim_client
from tests.vendors.pages import rows

DISCOVERY = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


# who may call


@pytest.mark.parametrize("path", ["Users", "Groups", f"Users/{ADA}", "Nothing", *DISCOVERY])
def test_an_unknown_token_is_answered_401_everywhere(scim_server, path):
    with scim_client(scim_server, token="guessed") as stranger:
        answer = stranger.get(path)

    assert answer.status_code == 401
    assert answer.json()["status"] == "401"
    assert answer.headers["content-type"] == "application/scim+json"


def test_a_401_can_be_plain_text(scim_server):
    scim_server.switch(unauthorised="text")
    with scim_client(scim_server, token="guessed") as stranger:
        assert stranger.get("Users").text == "unauthorized\n"


@pytest.mark.parametrize(
    ("token", "reads", "groups", "writes"),
    [("demo-token", 200, 200, 204), ("demo-read-only-token", 200, 200, 403),
     ("demo-users-token", 200, 403, 403), ("demo-no-rights-token", 403, 403, 403)],
)  # fmt: skip
def test_a_token_carries_its_rights(scim_server, token, reads, groups, writes):
    with scim_client(scim_server, token=token) as client:
        assert client.get("Users").status_code == reads
        assert client.get("Groups").status_code == groups
        body = patch_op({"op": "remove", "path": 'members[value eq "none"]'})
        assert client.patch(f"Groups/{EMPTY}", json=body).status_code == writes


def test_a_regenerated_token_kills_the_old_one(scim_server, scim):
    scim_server.switch(tokens="regenerated")

    assert scim.get("Users").status_code == 401
    with scim_client(scim_server, token="regenerated") as renewed:
        assert renewed.get("Users").status_code == 200


@pytest.mark.parametrize(
    ("auth", "header"),
    [("bearer", {"authorization": "bearer demo-token"}),
     ("basic", {"authorization": "Basic " + base64.b64encode(b"uar:demo-token").decode()}),
     ("bare", {"authorization": "demo-token"}), ("header", {"x-api-key": "demo-token"})],
)  # fmt: skip
def test_the_token_is_taken_from_one_place_only(scim_server, auth, header):
    url = f"{scim_server.url}/scim/v2/Users"
    for each in ("bearer", "basic", "bare", "header"):
        scim_server.switch(auth=each)
        status = scim_server.http.get(url, headers=header).status_code
        assert status == (200 if each == auth else 401)


@pytest.mark.parametrize(
    ("wants", "sent", "status"),
    [("any", "text/html", 200), ("scim", "application/scim+json", 200),
     ("scim", "application/json", 406), ("json", "application/json", 200),
     ("json", "application/scim+json", 406),
     ("json", "application/scim+json, application/json;q=0.9", 200)],
)  # fmt: skip
def test_a_server_can_insist_on_a_media_type(scim_server, scim, wants, sent, status):
    scim_server.switch(accept=wants)

    assert scim.get("Users", headers={"accept": sent}).status_code == status


@pytest.mark.parametrize(("shape", "shown"), [("text", "404"), ("number", 404)])
def test_the_status_in_an_error_is_text_or_a_number(scim_server, scim, shape, shown):
    scim_server.switch(error_status=shape)

    assert scim.get("Users/nobody").json()["status"] == shown


@pytest.mark.parametrize(("route", "status"), [("served", 200), ("absent", 404),
                                               ("forbidden", 403)])  # fmt: skip
def test_groups_can_be_missing_or_forbidden(scim_server, scim, route, status):
    scim_server.switch(groups_route=route)
    announced = [row["name"] for row in scim.get("ResourceTypes").json()["Resources"]]

    assert scim.get("Groups").status_code == status
    assert ("Group" in announced) is (route != "absent")


def test_what_is_not_supported_says_so(scim):
    for path in ("Me", "Bulk"):
        assert scim.get(path).status_code == 501
    assert scim.get("Users/a/b").status_code == 404


def test_a_token_may_be_somebody_s_own(scim_server, scim):
    scim_server.switch(me=ADA)

    assert scim.get("Me").json()["id"] == ADA
    assert scim.delete("Me").status_code == 501


# what it says of itself


def test_the_configuration_says_what_the_switches_say(scim_server, scim):
    scim_server.switch(patch=False, etag=False, sort=True, filters="none", max_results=50,
                       paging="both", default_paging="cursor", auth="basic")  # fmt: skip
    basic = {"authorization": "Basic " + base64.b64encode(b":demo-token").decode()}
    config = scim.get("ServiceProviderConfig", headers=basic).json()

    assert not config["patch"]["supported"]
    assert not config["etag"]["supported"]
    assert config["sort"]["supported"]
    assert config["filter"] == {"supported": False, "maxResults": 50}
    assert config["pagination"]["cursor"]
    assert config["pagination"]["index"]
    assert config["pagination"]["defaultPaginationMethod"] == "cursor"
    assert config["pagination"]["maxPageSize"] == 50
    assert config["authenticationSchemes"][0]["type"] == "httpbasic"


def test_an_older_server_announces_no_paging_and_serves_the_plural(scim_server, scim):
    scim_server.switch(announces_paging=False, plural_config=True)

    assert scim.get("ServiceProviderConfig").status_code == 404
    assert "pagination" not in scim.get("ServiceProviderConfigs").json()


def test_the_schema_names_roles_and_what_is_for_reading(scim_server, scim):
    def roles():
        attributes = scim.get(f"Schemas/{USER}").json()["attributes"]
        return next((each for each in attributes if each["name"] == "roles"), None)

    assert roles()["subAttributes"][0]["canonicalValues"] == ["admin", "editor", "viewer",
                                                              "auditor"]  # fmt: skip
    scim_server.switch(canonical_roles=False, roles_read_only=True)
    assert "canonicalValues" not in roles()["subAttributes"][0]
    assert roles()["mutability"] == "readOnly"
    scim_server.switch(roles="absent")
    assert roles() is None


@pytest.mark.parametrize("bare", [True, False])
def test_lists_of_discovery_can_be_bare_arrays(scim_server, scim, bare):
    scim_server.switch(bare_lists=bare)

    assert isinstance(scim.get("Schemas").json(), list) is bare
    assert isinstance(scim.get("ResourceTypes").json(), list) is bare


@pytest.mark.parametrize(
    ("choice", "with_token", "without"), [("served", 200, 401), ("open", 200, 200),
                                          ("absent", 404, 401)],
)  # fmt: skip
def test_discovery_can_be_open_or_absent(scim_server, scim, choice, with_token, without):
    scim_server.switch(discovery=choice)

    for path in DISCOVERY:
        assert scim.get(path).status_code == with_token
        url = f"{scim_server.url}/scim/v2/{path}"
        assert scim_server.http.get(url).status_code == without


def test_discovery_is_not_filtered_and_knows_single_entries(scim):
    assert scim.get("Schemas", params={"filter": 'id eq "x"'}).status_code == 403
    assert scim.get("ResourceTypes/User").json()["endpoint"] == "/Users"
    assert scim.get("ResourceTypes/Project").json()["endpoint"] == "/Projects"
    assert scim.get("Schemas/urn:nothing").status_code == 404


# troubles


@pytest.mark.parametrize("how", ["seconds", "date", "absent"])
def test_too_many_requests_are_answered_429(scim_server, scim, how):
    scim_server.switch(rate_limit=2, retry_after=how)

    answers = [scim.get(f"Users/{ADA}") for _ in range(12)]

    slow = next(each for each in answers if each.status_code == 429)
    asked = slow.headers.get("retry-after")
    if how == "date":
        pause = parsedate_to_datetime(asked) - parsedate_to_datetime(slow.headers["date"])
        assert pause.total_seconds() == 1
    else:
        assert asked == ("1" if how == "seconds" else None)


def test_faults_speak_scim(scim_server, scim):
    scim_server.fault("empty", path="/scim/v2/Users")
    hollow = scim.get("Users").json()
    scim_server.fault("same_page", path="/scim/v2/Users")
    same = scim.get("Users", params={"startIndex": 3, "count": 1}).json()

    assert (hollow["Resources"], hollow["totalResults"]) == ([], 6)
    assert same["Resources"][0]["id"] == ADA


@pytest.mark.parametrize("killed", [True, False])
def test_a_restart_keeps_what_was_done(scim_file, tmp_path, killed):
    flags = ("--company", scim_file, "--state", tmp_path / "scim.state")
    change = patch_op({"op": "remove", "path": f'members[value eq "{ADA}"]'})
    with vendor(*flags, name="scim") as first, scim_client(first) as api:
        assert api.patch(f"Groups/{SALES}", json=change).status_code == 204
        history = first.history()
        if killed:
            first.die()

    with vendor(*flags, name="scim") as second, scim_client(second) as api:
        members = api.get(f"Groups/{SALES}").json()["members"]
        assert second.history() == history
        assert [each["value"] for each in members] == [MAX]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_is_killed_around_its_write(scim_server, scim, when):
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    scim_server.kill_at_write(victim.pid, when)
    body = patch_op({"op": "add", "path": "members", "value": [{"value": ADA}]})

    try:
        answered = scim.patch(f"Groups/{EMPTY}", json=body).status_code
    except httpx.RemoteProtocolError:
        answered = 0
    code = victim.wait(5)
    found = scim.get(f"Groups/{EMPTY}").json()["members"]
    scim.patch(f"Groups/{EMPTY}", json=patch_op({"op": "remove", "path": "members"}))

    assert code == -signal.SIGKILL
    assert answered == (0 if when == "before" else 204)
    assert len(found) == (0 if when == "before" else 1)


def test_the_same_sizes_and_seed_give_the_same_company():
    flags = ("--people", 20, "--groups", 4, "--memberships", 30)
    with (
        vendor(*flags, name="scim") as one,
        vendor(*flags, name="scim") as two,
        vendor(*flags, "--seed", 2, name="scim") as other,
    ):
        lists = []
        for each in (one, two, other):
            with scim_client(each) as api:
                rows = api.get("Groups").json()["Resources"]
                lists.append([[m["value"] for m in row["members"]] for row in rows])

    assert lists[0] == lists[1] != lists[2]
    assert sum(map(len, lists[0])) == 31  # 30, and the second group inside the first


def test_a_company_that_names_nobody_does_not_start(tmp_path):
    file = tmp_path / "company.json"
    file.write_text('{"groups": [{"id": "1", "displayName": "X", "members": ["nobody"]}]}')
    command = [sys.executable, "-m", "uar.demo.vendors.scim", "--company", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert done.returncode == 2
    assert "nobody" in done.stderr


# the page


@pytest.fixture
def browser(scim_server):
    with httpx.Client(base_url=scim_server.url, verify=NO_TLS, follow_redirects=True) as ready:
        yield ready


def test_the_page_shows_users_with_their_roles_and_groups_with_their_members(browser):
    page = browser.get("/")
    sales = browser.get("/", params={"group": SALES})

    assert "<title>SCIM app (demo vendor server)</title>" in page.text
    assert dict(rows(page, "groups, by name"))["Sales"] == "2"
    assert rows(page, "6 found")[0][:3] == ["Ada Byrne ada@example.test", "admin", "Active"]
    assert [row[2] for row in rows(page, "6 found")].count("Inactive") == 1
    assert len(rows(sales, "2 found")) == 2
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text


def test_buttons_change_what_an_administrator_changes(scim_server, scim, browser):
    added = browser.post("/add", data={"group": EMPTY, "person": ADA})
    assert len(rows(added, "1 found")) == 1
    browser.post("/remove", data={"group": EMPTY, "person": ADA})
    browser.post("/activate", data={"person": RITA})
    assert scim.get(f"Users/{RITA}").json()["active"] is True
    page = browser.post("/deactivate", data={"person": RITA})

    assert scim.get(f"Users/{RITA}").json()["active"] is False
    assert rows(page, "newest first")[0][2] == "by hand"
    assert [line["by"] for line in scim_server.history()[-4:]] == ["by hand"] * 4


def test_a_change_that_is_refused_says_why_and_another_site_changes_nothing(scim, browser):
    nobody = browser.post("/add", data={"group": EMPTY, "person": "<b>"})
    form = {"person": ADA}
    other = browser.post("/deactivate", data=form, headers={"origin": "http://elsewhere.example"})
    rebound = browser.post("/deactivate", data=form, headers={"host": "rebound.example"})

    assert "there is no member &lt;b&gt;" in nobody.text
    assert (other.status_code, rebound.status_code) == (403, 403)
    assert scim.get(f"Users/{ADA}").json()["active"] is True


def test_somebody_is_found_by_name(browser):
    page = browser.get("/", params={"q": "noor"})

    assert [row[0] for row in rows(page, "1 found")] == ["noor noor"]
    assert "Nobody." in browser.get("/", params={"q": "nobody at all"}).text
