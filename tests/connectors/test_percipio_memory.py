"""A report of 80 MB is read within 64 MB of extra memory, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.connectors.percipio_cast import an_id, token
from tests.vendor_process import vendor

ROWS = 100_000
READ = """
import json, sys
from ipaddress import ip_network

from connectors.base import GrantRecord, Net
from connectors.fields import Secret
from connectors.percipio import Percipio, PercipioConfig

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024

lines = []
net = Net((ip_network("127.0.0.0/8"),), lines.append, sleep=lambda _seconds: None)
reader = Percipio(PercipioConfig(Secret(sys.argv[2]), base_url=sys.argv[1]), net)
accounts, resources = len(list(reader.accounts())), list(reader.resources())
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")  # from here on VmHWM is the peak of what comes
before = memory("VmRSS")
grants = sum(
    isinstance(each, GrantRecord) and each.slug != "assigned" for each in reader.grants(resources)
)
report = max(int(line.split(" bytes")[0].split()[-1]) for line in lines if " bytes, " in line)
print(json.dumps({"extra": memory("VmHWM") - before, "grants": grants, "report": report}))
"""


@pytest.mark.slow
def test_a_report_of_80_megabytes_is_read_within_64_of_extra_memory(tmp_path):
    people, courses = range(1000), range(100)
    text = [{"id": an_id("attribute", n), "name": f"Site {n}", "value": "x" * 60} for n in range(4)]
    company = {
        "users": [
            {"id": an_id("user", n), "externalUserId": f"p{n}@example.test",
             "email": f"p{n}@example.test", "customAttributes": text}
            for n in people
        ],
        "content": [{"id": an_id("content", n), "title": f"Course {n}"} for n in courses],
        "activity": [
            {"user": an_id("user", n), "content": an_id("content", m), "status": "Completed",
             "last": "2026-01-02T03:04:05.000Z"}
            for n in people for m in courses
        ],
    }  # fmt: skip
    file = tmp_path / "company.json"
    file.write_text(json.dumps(company))

    with vendor("--company", file, "--report-polls", "0", name="percipio") as server:
        done = subprocess.run(
            [sys.executable, "-c", READ, server.url, token()],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)

    assert read["grants"] == ROWS
    assert read["report"] > 80_000_000
    assert read["extra"] < 64 * 1024 * 1024
