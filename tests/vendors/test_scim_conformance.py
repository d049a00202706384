"""The SCIM vendor server, judged by somebody else's reading of the RFCs: scim2-tester."""

from __future__ import annotations

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.vendor_process import NO_TLS


@pytest.mark.parametrize("paging", ["index", "both"])
@pytest.mark.parametrize("patch_answer", [200, 204])
def test_every_check_of_the_rfcs_passes(scim_server, paging, patch_answer):
    # The tester makes members up, and expects them back as it wrote them.
    scim_server.switch(
        paging=paging,
        patch_answer=patch_answer,
        unknown_members="accepted",
        member_types=False,
    )
    headers = {"authorization": "Bearer demo-token"}
    with httpx2.Client(
        base_url=f"{scim_server.url}/scim/v2", headers=headers, verify=NO_TLS
    ) as http:
        results = check_server(SyncSCIMClient(http))

    wrong = [
        f"{each.title}: {each.reason}"
        for each in results
        if each.status not in (Status.SUCCESS, Status.SKIPPED)
    ]
    skipped = {each.title for each in results if each.status is Status.SKIPPED}
    assert wrong == []
    assert skipped == {"search_with_attributes"}  # several types at once: 501, as the RFC allows
    assert len(results) > 90
