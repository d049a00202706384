"""The company's Workato: who builds and runs automations, and what should not be there.

Ada runs sales recipes in production as Operator. Jonas has left and still is an
administrator, a machine and a consultant are administrators too, and one account
is of nobody whom the directory knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from uar.demo.company import DOMAIN, NAME, Company
from uar.demo.tenant import FOUNDED, instant

# first name: role in dev | in test | in prod; - is none
PEOPLE = """
Connie: Admin | Admin | Admin
Viktor: Admin | Admin | Operator
Iris: Admin | Analyst | Operator
Jonas: Admin | Admin | Admin
Ada: Analyst | - | Operator
Hana: Analyst | Analyst | Sales recipes
Max: - | - | Analyst
Derek: Analyst | - | -
Lena: Finance recipes | - | Finance recipes
Oskar: - | - | Finance recipes
Heidi: Analyst | - | -
Kofi: - | - | Analyst
"""
OTHERS = (
    ("Recipe runner", f"svc-workato@{DOMAIN}", "Admin | Admin | Admin", None),
    ("Piet Vermeer", "piet.vermeer@brightflow.example", "Admin | Admin | Admin", 4),
    ("Malte Krug", f"malte.krug@{DOMAIN}", "Analyst | - | Operator", 214),
)
"""Accounts that belong to nobody of the company: name, address, roles, days since the last use."""
RUNS = {"Recipes": ["read", "run", "read_run_history"], "Connections": ["read"]}


def workspace(company: Company, now: datetime) -> dict[str, Any]:
    """Return what the vendor server begins with; last uses are counted back from ``now``."""
    return {
        "workspace": {
            "name": NAME,
            "company_name": NAME,
            "email": company.person("Sue").email,
            "model": "legacy",
        },
        "members": list(_members(company, now)),
        "roles": [
            {"id": 401, "name": "Sales recipes", "privileges": RUNS, "folder_ids": [1001]},
            {"id": 402, "name": "Finance recipes", "privileges": RUNS, "folder_ids": [1002, 1003]},
        ],
        "projects": [
            {"id": 11, "name": "Offers to orders", "folder_id": 1001},
            {"id": 12, "name": "Invoices", "folder_id": 1002},
        ],
        "folders": [
            {"id": 1001, "name": "Offers to orders", "parent_id": 100, "project_id": 11,
             "is_project": True},
            {"id": 1002, "name": "Invoices", "parent_id": 100, "project_id": 12,
             "is_project": True},
            {"id": 1003, "name": "Reminders", "parent_id": 1002, "project_id": 12},
        ],
    }  # fmt: skip


def _members(company: Company, now: datetime) -> Iterator[dict[str, Any]]:
    rows = []
    for line in PEOPLE.strip().splitlines():
        first, _, roles = line.partition(": ")
        person = company.person(first)
        rows.append((f"{person.first} {person.last}", person.email, roles, person.days))
    for number, (name, email, roles, days) in enumerate([*rows, *OTHERS], 1):
        held = zip(("dev", "test", "prod"), roles.split(" | "), strict=True)
        member = {
            "id": 3000 + number,
            "name": name,
            "email": email,
            "roles": {environment: role for environment, role in held if role != "-"},
            "created_at": instant(FOUNDED + timedelta(days=31 * number)),
        }
        if days is not None:
            at = instant(now - timedelta(days=days, minutes=17 * number))
            member["last_activity_log"] = {
                "id": 900 + number, "event_type": "user_login", "created_at": at
            }  # fmt: skip
        yield member
