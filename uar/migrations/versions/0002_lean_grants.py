"""Say once what grants and causes have of their parents, and index a row in one place.

An account's app and connector never change, nor do a grant's account and
entitlement. Copies of them need no foreign keys, and causes need no copies: each
cost a look-up or a page for every row that a read brings.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PAST = sa.text("ended_at IS NOT NULL")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("grants") as batch_op:
        for column in ("app_id", "connector_id", "began_run_id", "ended_run_id"):
            batch_op.drop_constraint(op.f(f"fk_grants_{column}"), type_="foreignkey")
        batch_op.drop_index("ix_grants_account_id_entitlement_id")
        batch_op.create_index(
            "ix_grants_past",
            ["account_id", "entitlement_id"],
            sqlite_where=PAST,
            postgresql_where=PAST,
        )
    with op.batch_alter_table("grant_cause") as batch_op:
        batch_op.drop_index("uq_grant_cause_open")
        batch_op.drop_index(op.f("ix_grant_cause_grant_id"))
        for column in ("connector_id", "account_id", "entitlement_id"):
            batch_op.drop_constraint(op.f(f"fk_grant_cause_{column}"), type_="foreignkey")
            batch_op.drop_column(column)
        batch_op.create_index(
            "uq_grant_cause_open",
            ["grant_id", "via_id", "kind", "request_id"],
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )
        batch_op.create_index(
            "ix_grant_cause_past", ["grant_id"], sqlite_where=PAST, postgresql_where=PAST
        )
