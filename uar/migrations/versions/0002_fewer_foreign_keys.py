"""Say once what grants and causes have of their parents.

An account's app and connector never change, nor do a grant's account and
entitlement, so the copies need no foreign keys of their own: each costs a look-up
for every row that a read brings.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DROPPED = {
    "grants": ("app_id", "connector_id", "began_run_id", "ended_run_id"),
    "grant_cause": ("connector_id", "account_id", "entitlement_id"),
}


def upgrade() -> None:
    for table, columns in DROPPED.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_constraint(op.f(f"fk_{table}_{column}"), type_="foreignkey")
